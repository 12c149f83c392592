// Checking --net in the words of the command line.
#include "train/nets.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/command.hpp"
#include "cli/nearest.hpp"
#include "cli/spec.hpp"

namespace gradus::tool {

NetSpec parse_net(const std::string& text) {
  const std::string name = parse_spec(text).name;
  const auto names = train::net_names();
  if (std::ranges::find(names, name) == names.end()) {
    throw Stop(usage, fmt::format("--net {}: {}", name, unknown(name, names)));
  }
  try {
    return {text, train::examples_of(text) == train::Examples::images};
  } catch (const Error& e) {
    const Complaint& c = e.complaint();
    throw Stop(usage, fmt::format("--net {}{}{}", c.wrong, c.expected.empty() ? "" : ": ", c.expected));
  }
}

}  // namespace gradus::tool

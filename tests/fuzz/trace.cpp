// The trace of a stranger: read it, check its order, compute it again. Any bytes give findings or an Error.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <gradus/study/read_trace.hpp>

#include "check/derive.hpp"

using namespace gradus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const study::trace::File file =
        study::parse_trace(std::string_view(reinterpret_cast<const char*>(data), size), "trace");
    const tool::Nodes nodes = tool::nodes_of(file);
    tool::Checked found;
    tool::check_order(file, nodes, found);
    tool::recompute(file, nodes, [](const tool::Message&) {});
  } catch (const Error&) {}
  return 0;
}

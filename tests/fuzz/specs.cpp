// Any text as the value of --opt and of other options of the command line.
#include <string>

#include "cli/command.hpp"
#include "cli/optimizers.hpp"
#include "cli/ranges.hpp"
#include "cli/spec.hpp"
#include "input.hpp"

using namespace gradus;

// Defined in main.cpp, which is not part of a fuzz target.
std::string tool::without_line(const Error& e) { return e.what(); }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  fuzz::require(!tool::split_at_commas(text).empty());
  (void)tool::at_least(1)(text);
  try {
    (void)tool::parse_optimizer(text);
  } catch (const tool::Stop& stop) { fuzz::require(stop.code == tool::usage); }
  return 0;
}

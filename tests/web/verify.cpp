// The program `gradus` with its subcommand verify alone, which needs no process and no terminal.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "cli/options.hpp"

namespace gradus::tool {

std::string without_line(const Error& e) {
  const std::string text = e.what();
  return text.substr(0, text.rfind("\n  at: "));
}

}  // namespace gradus::tool

// Debian's division of 128-bit numbers was compiled to guard its stack.
extern "C" {
std::uintptr_t __stack_chk_guard = 0x5bd1e995;
[[noreturn]] void __stack_chk_fail() { std::abort(); }
}

int main(int argc, char** argv) {
  try {
    gradus::tool::CommandLine program;
    gradus::tool::add_verify(program);
    return program.run(argc, argv);
  } catch (const gradus::tool::Stop& stop) {
    std::fprintf(stderr, "%s\n", stop.what());
    return stop.code;
  }
}

// The program `gradus` with its subcommand verify alone, which needs no process and no terminal.
#include <cstdio>

#include "cli/options.hpp"

namespace gradus::tool {

std::string without_line(const Error& e) {
  const std::string text = e.what();
  return text.substr(0, text.rfind("\n  at: "));
}

}  // namespace gradus::tool

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

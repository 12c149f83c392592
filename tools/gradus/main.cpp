// gradus, the command line of the library.
#include <fmt/format.h>
#include <gradus/gradus.hpp>

#include <CLI/CLI.hpp>
#include <new>

#include "command.hpp"
#include "nearest.hpp"

namespace gradus::tool {

std::string without_line(const Error& e) {
  const std::string text = e.what();
  return text.substr(0, text.rfind("\n  at: "));
}

namespace {

const CLI::App& chosen(const CLI::App& program) {
  const auto commands = program.get_subcommands();
  return commands.empty() ? program : *commands.front();
}

// The first word of the line that nobody understood.
void refuse_extras(const CLI::App& program) {
  const auto words = program.remaining(true);
  if (words.empty()) return;
  const std::string word = words.front().substr(0, words.front().find('='));
  const CLI::App& command = chosen(program);
  std::vector<std::string> known;
  if (word.starts_with('-')) {
    for (const CLI::Option* option : command.get_options()) known.push_back(fmt::format("--{}", option->get_lnames().at(0)));
  } else if (&command == &program) {
    for (const CLI::App* sub : program.get_subcommands([](const CLI::App*) { return true; })) {
      known.push_back(sub->get_name());
    }
  }
  throw Stop(usage, fmt::format("{}: {}", word, known.empty() ? "an argument too many" : unknown(word, known)));
}

Exit run(int argc, char** argv) {
  CLI::App program("Gradus trains small neural networks, and lets you watch how.", "gradus");
  program.set_version_flag("--version", "gradus " GRADUS_VERSION, "Print the version");
  program.set_help_flag("-h,--help", "Print this help");
  program.allow_extras();
  Action action;
  add_train(program, action);
  add_verify(program, action);
  try {
    program.parse(argc, argv);
    refuse_extras(program);
    if (!action) throw CLI::CallForHelp();
    return action();
  } catch (const CLI::Success& e) {  // --help, --version
    program.exit(e);
    return action || argc > 1 ? success : usage;
  } catch (const CLI::ParseError& e) { throw Stop(usage, e.what()); }
}

Exit guarded(int argc, char** argv) {
  std::string message;
  Exit code = failed;
  try {
    return run(argc, argv);
  } catch (const Stop& e) {
    message = e.what(), code = e.code;
  } catch (const Error& e) {
    message = without_line(e);
  } catch (const std::bad_alloc&) {
    message = "out of memory";
  } catch (const std::exception& e) { message = e.what(); }
  fmt::print(stderr, "gradus: {}\n", message);
  return code;
}

}  // namespace
}  // namespace gradus::tool

int main(int argc, char** argv) { return gradus::tool::guarded(argc, argv); }

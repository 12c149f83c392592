// gradus, the command line of the library.
#include <fmt/format.h>
#include <gradus/gradus.hpp>

#include <CLI/CLI.hpp>
#include <new>

#include "cli/command.hpp"
#include "cli/nearest.hpp"

namespace gradus::tool {

std::string without_line(const Error& e) {
  const std::string text = e.what();
  return text.substr(0, text.rfind("\n  at: "));
}

namespace {

// One option a line: "  --epochs N    passes over the training data [12]".
struct Help : CLI::Formatter {
  Help() { column_width(20); }
  std::string make_usage(const CLI::App* app, std::string name) const override {
    const bool top = !app->get_parent();
    return fmt::format("\nusage: {} {}\n", name, top ? "COMMAND [OPTION ...]" : "[OPTION ...]");
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string type = option->get_type_name();
    return type.empty() ? "" : fmt::format(" {}", type);
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    const std::string standard = option->get_default_str();
    return option->get_description() + (standard.empty() ? "" : fmt::format(" [{}]", standard));
  }
};

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
    for (const CLI::Option* option : command.get_options()) {
      if (!option->get_lnames().empty()) known.push_back(fmt::format("--{}", option->get_lnames()[0]));
    }
  } else if (&command == &program) {
    for (const CLI::App* sub : program.get_subcommands([](const CLI::App*) { return true; })) {
      known.push_back(sub->get_name());
    }
  }
  throw Stop(usage, fmt::format("{}: {}", word, known.empty() ? "an argument too many" : unknown(word, known)));
}

Exit run(int argc, char** argv) {
  CLI::App program("Gradus trains small neural networks, and lets you watch how.", "gradus");
  program.formatter(std::make_shared<Help>());
  program.set_version_flag("--version", "gradus " GRADUS_VERSION, "print the version");
  program.set_help_flag("-h,--help", "print this help");
  program.footer("gradus COMMAND --help says more about one.");
  program.allow_extras();
  Action action;
  add_descend(program, action);
  add_train(program, action);
  add_verify(program, action);
  add_bench(program, action);
  add_check(program, action);
  add_step(program, action);
  add_html(program, action);
  for (CLI::App* command : program.get_subcommands([](const CLI::App*) { return true; })) command->group("Commands");
  try {
    program.parse(argc, argv);
    refuse_extras(program);
  } catch (const CLI::Success& e) {  // --help, --version
    program.exit(e);
    return success;
  } catch (const CLI::ParseError& e) { throw Stop(usage, e.what()); }
  if (action) return action();
  fmt::print(stderr, "{}", program.help());
  return usage;
}

Exit complain(const std::exception& e) {
  const auto* stop = dynamic_cast<const Stop*>(&e);
  const auto* error = dynamic_cast<const Error*>(&e);
  const bool memory = dynamic_cast<const std::bad_alloc*>(&e);
  fmt::print(stderr, "gradus: {}\n", error ? without_line(*error) : memory ? "out of memory" : e.what());
  return stop ? stop->code : failed;
}

}  // namespace
}  // namespace gradus::tool

int main(int argc, char** argv) {
  try {
    return gradus::tool::run(argc, argv);
  } catch (const std::exception& e) { return gradus::tool::complain(e); }
}

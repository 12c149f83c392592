// The command line, parsed by CLI11: help texts, errors with the nearest known word, and the choice of a subcommand.
#include "cli/options.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gradus/threads.hpp>

#include <CLI/CLI.hpp>
#include <deque>

#include "cli/nearest.hpp"
#include "cli/print.hpp"

namespace gradus::tool {
namespace {

// One option a line: "  --epochs N    passes over the training data [12]".
struct Help : CLI::Formatter {
  Help() { column_width(20); }
  std::string make_usage(const CLI::App* app, std::string name) const override {
    const bool top = !app->get_parent();
    std::string words = top ? "COMMAND" : "";
    for (const CLI::Option* option : app->get_options())
      if (!top && option->get_positional()) words += (words.empty() ? "" : " ") + option->get_name();
    if (!top) name = "gradus " + name;
    return fmt::format("\nusage: {} {}{}[OPTION ...]\n", name, words, words.empty() ? "" : " ");
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string type = option->get_type_name();
    return type.empty() ? "" : fmt::format(" {}", type);
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    const std::string standard = option->get_default_str();
    const std::string text = option->get_description();
    return standard.empty() || text.ends_with(']') ? text : fmt::format("{} [{}]", text, standard);
  }
};

bool every(const CLI::App*) { return true; }

// The option, or the argument by position, with what the help says about it.
CLI::Option* described(CLI::Option* option, const char* name, const char* type) {
  option->type_name(type);
  return name[0] == '-' ? option : option->required();
}

// A check by a function that returns what is wrong with the text, or nothing.
template <class Check>
CLI::Validator validator(Check check) {
  return {check, "", ""};
}

// The first word of the line that nobody understood.
void refuse_extras(const CLI::App& program) {
  const auto words = program.remaining(true);
  if (words.empty()) return;
  const std::string word = words.front().substr(0, words.front().find('='));
  const auto commands = program.get_subcommands();
  std::vector<std::string> known;
  if (word.starts_with('-')) {
    const CLI::App& command = commands.empty() ? program : *commands.front();
    for (const CLI::Option* option : command.get_options()) {
      if (!option->get_lnames().empty()) known.push_back(fmt::format("--{}", option->get_lnames()[0]));
    }
  } else if (commands.empty()) {
    for (const CLI::App* sub : program.get_subcommands(every)) known.push_back(sub->get_name());
  }
  throw Stop(usage, fmt::format("{}: {}", word, known.empty() ? "unexpected argument" : unknown(word, known)));
}

}  // namespace

void Command::text(const char* name, std::string& to, const char* type, const std::string& help) {
  CLI::Option* option = described(app_.add_option(name, to, help), name, type);
  if (!to.empty()) option->capture_default_str();
}

void Command::text(const char* name, std::optional<std::string>& to, const char* type, const std::string& help) {
  described(app_.add_option_function<std::string>(
                name, [&to](const std::string& value) { to = value; }, help),
            name, type);
}

void Command::texts(const char* name, std::vector<std::string>& to, const char* type, const std::string& help) {
  described(app_.add_option(name, to, help), name, type)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void Command::choice(const char* name, std::string& to, const std::vector<std::string>& words,
                     const std::string& help) {
  const std::string expected = fmt::format("{}", fmt::join(words, "|"));
  described(app_.add_option(name, to, help), name, expected.c_str())
      ->check(validator([words, expected](const std::string& text) -> std::string {
        if (std::ranges::find(words, text) != words.end()) return "";
        return fmt::format("one of {} is expected, not '{}'", expected, text);
      }));
  if (!to.empty()) app_.get_option(name)->capture_default_str();
}

void Command::whole(const char* name, std::int64_t& to, WholeRange range, const std::string& help) {
  described(app_.add_option(name, to, help), name, "N")->capture_default_str()->check(validator(range));
}

void Command::whole(const char* name, std::optional<std::int64_t>& to, const std::string& help) {
  const auto take = [&to](const std::string& text) { to = to_integer(text); };
  described(app_.add_option_function<std::string>(name, take, help), name, "N")->check(validator(WholeRange{}));
}

void Command::number(const char* name, double& to, NumberRange range, const char* type, const std::string& help) {
  described(app_.add_option(name, to, help), name, type)->capture_default_str()->check(validator(range));
}

void Command::flag(const char* name, bool& to, const std::string& help) { app_.add_flag(name, to, help); }

void Command::arguments(const char* name, std::vector<std::string>& to, const std::string& help) {
  described(app_.add_option(name, to, help), name, "...")->expected(1, -1);
}

void Command::optional_argument(const char* name, std::string& to, const std::string& help) {
  app_.add_option(name, to, help)->type_name("");
}

void Command::footer(const std::string& text) { app_.footer(text); }

void Command::runs(std::function<Exit()> action) { action_ = std::move(action); }

struct CommandLine::Parser {
  CLI::App program{"Gradus trains small neural networks, and lets you watch how.", "gradus"};
  std::deque<std::pair<CLI::App*, Command>> commands = {};  // a deque: references to them stay valid
};

CommandLine::CommandLine() : parser_(std::make_unique<Parser>()) {
  CLI::App& program = parser_->program;
  program.formatter(std::make_shared<Help>());
  program.set_version_flag("--version", "gradus " GRADUS_VERSION, "print the version");
  program.set_help_flag("-h,--help", "print this help");
  program.footer("gradus help COMMAND says more about one.");
  program.allow_extras();
}

CommandLine::~CommandLine() = default;

Command& CommandLine::add(const char* name, const char* help) {
  CLI::App* app = parser_->program.add_subcommand(name, help);
  app->group("Commands");
  return parser_->commands.emplace_back(app, Command(*app)).second;
}

namespace {

// What the environment sets wrongly is refused before an option is blamed for it.
void check_environment() {
  try {
    (void)num_threads();
  } catch (const Error& e) { throw Stop(usage, without_line(e)); }
}

}  // namespace

Exit CommandLine::run(int argc, char** argv) {
  CLI::App& program = parser_->program;
  // "gradus help step" is "gradus step --help".
  std::vector<const char*> words(argv, argv + argc);
  static constexpr const char* asks = "--help";
  if (argc > 1 && std::string_view(words[1]) == "help") {
    words.erase(words.begin() + 1);
    words.resize(std::min<std::size_t>(words.size(), 2));
    words.push_back(asks);
  }
  try {
    program.parse(static_cast<int>(words.size()), words.data());
    refuse_extras(program);
  } catch (const CLI::CallForVersion& e) {
    print("{}\n", e.what());
    return success;
  } catch (const CLI::Success&) {
    const auto commands = program.get_subcommands();
    print("{}", commands.empty() ? program.help() : commands.front()->help());
    return success;
  } catch (const CLI::ParseError& e) { throw Stop(usage, e.what()); }
  for (const auto& [app, command] : parser_->commands) {
    if (!app->parsed()) continue;
    check_environment();
    return command.run();
  }
  fmt::print(stderr, "{}", program.help());
  return usage;
}

}  // namespace gradus::tool

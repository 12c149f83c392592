// The command line as subcommands see it: options by name, each bound to a variable. Only options.cpp knows the parser.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/ranges.hpp"

namespace CLI {
class App;
}

namespace gradus::tool {

// One subcommand. Variables must live as long as the action: keep them in a shared_ptr that the action holds.
// `type` stands behind the option in the help, as in "--epochs N"; `help` is a line without a capital and a full stop.
// The help shows the variable's value as the default, unless `help` ends with one of its own in brackets.
class Command {
 public:
  explicit Command(CLI::App& app) : app_(app) {}

  // Names begin with a dash; others are taken by their position in the line, and are required.
  void text(const char* name, std::string& to, const char* type, const std::string& help);
  void text(const char* name, std::optional<std::string>& to, const char* type, const std::string& help);
  void texts(const char* name, std::vector<std::string>& to, const char* type, const std::string& help);  // repeated
  void choice(const char* name, std::string& to, const std::vector<std::string>& words, const std::string& help);
  void whole(const char* name, std::int64_t& to, WholeRange range, const std::string& help);
  void whole(const char* name, std::optional<std::int64_t>& to, const std::string& help);
  void number(const char* name, double& to, NumberRange range, const char* type, const std::string& help);
  void flag(const char* name, bool& to, const std::string& help);
  // Arguments by position, one at least.
  void arguments(const char* name, std::vector<std::string>& to, const std::string& help);
  // An argument by position that may be left out.
  void optional_argument(const char* name, std::string& to, const std::string& help);

  void footer(const std::string& text);     // below the options in the help
  void runs(std::function<Exit()> action);  // once the whole line is understood
  Exit run() const { return action_(); }

 private:
  CLI::App& app_;
  std::function<Exit()> action_;
};

class CommandLine {
 public:
  CommandLine();
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  Command& add(const char* name, const char* help);
  // Reads the line and runs the subcommand it names. Throws Stop for what it does not understand.
  Exit run(int argc, char** argv);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace gradus::tool

// What the program and its subcommands agree on. A subcommand is one file that defines its add_…, declared here, and
// one line in main.cpp.
#pragma once

#include <gradus/error.hpp>

#include <functional>
#include <stdexcept>
#include <string>

namespace CLI {
class App;
}

namespace gradus::tool {

enum Exit { success = 0, failed = 1, usage = 2, file_trouble = 3, interrupted = 130 };

// Ends the program with a message for the user and an exit code.
struct Stop : std::runtime_error {
  Exit code;
  Stop(Exit exit, const std::string& message) : std::runtime_error(message), code(exit) {}
};

// The library's message without its last line, which would point into this program.
std::string without_line(const Error& e);

// What the command line has asked for; main runs it once all of the line is understood.
using Action = std::function<Exit()>;

void add_html(CLI::App& program, Action& action);
void add_step(CLI::App& program, Action& action);
void add_check(CLI::App& program, Action& action);
void add_descend(CLI::App& program, Action& action);
void add_train(CLI::App& program, Action& action);
void add_verify(CLI::App& program, Action& action);
void add_bench(CLI::App& program, Action& action);

}  // namespace gradus::tool

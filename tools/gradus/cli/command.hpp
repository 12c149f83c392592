// What the program and its subcommands agree on. A subcommand is one file that defines its add_…, declared here, and
// one line in main.cpp.
#pragma once

#include <gradus/error.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace gradus::tool {

enum Exit { success = 0, failed = 1, usage = 2, file_trouble = 3 };

// After a signal, as shells say it: 130 for SIGINT, 143 for SIGTERM.
inline Exit ended_by(int signal) { return static_cast<Exit>(128 + signal); }

// Ends the program with a message for the user and an exit code.
struct Stop : std::runtime_error {
  Exit code;
  Stop(Exit exit, const std::string& message) : std::runtime_error(message), code(exit) {}
};

// The library's message without its last line, which would point into this program.
std::string without_line(const Error& e);

class CommandLine;
void add_descend(CommandLine& program);
void add_train(CommandLine& program);
void add_predict(CommandLine& program);
void add_eval(CommandLine& program);
void add_export(CommandLine& program);
void add_sample(CommandLine& program);
void add_show(CommandLine& program);
void add_convert(CommandLine& program);
void add_verify(CommandLine& program);
void add_bench(CommandLine& program);
void add_scale(CommandLine& program);
void add_check(CommandLine& program);
void add_step(CommandLine& program);
void add_html(CommandLine& program);
void add_lesson(CommandLine& program);
void add_report(CommandLine& program);
void add_diff(CommandLine& program);
void add_doctor(CommandLine& program, std::vector<std::string> words);  // the words of the program to run
void add_launch(CommandLine& program, std::vector<std::string> words);

}  // namespace gradus::tool

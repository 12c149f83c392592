// gradus lesson: lists the lessons; prints one, asks its questions, runs its program and checks the answers.
#include <fmt/format.h>

#include "cli/options.hpp"
#include "cli/print.hpp"
#include "cli/terminal.hpp"
#include "lesson/pages.hpp"
#include "lesson/program.hpp"
#include "lesson/show.hpp"

namespace gradus::tool {
namespace {

struct LessonOptions {
  std::string lesson;
  std::vector<std::string> inputs;
  bool text = false, code = false, save = false;
};

std::string shown(const std::string& key) { return key[0] == '0' ? key.substr(1) : key; }

Exit list() {
  const bool colour = standard_output().colour;
  for (const LessonPage& p : lesson_pages()) {
    print("{}{:>4}  {}{}\n", colour ? "\x1b[1m" : "", shown(p.key), p.title, colour ? "\x1b[0m" : "");
    if (!p.ability.empty()) print("      {}\n", p.ability);
  }
  print(
      "\ngradus lesson 0a begins. It prints a page, asks, runs the program of the lesson and checks your answers.\n"
      "In a checkout of Gradus, examples/exercises has twelve programs with a hole each, for you to fill.\n");
  return success;
}

Exit lesson(const LessonOptions& o) {
  if (o.lesson.empty()) return list();
  const LessonPage& page = lesson_page(o.lesson);
  const bool colour = standard_output().colour;
  if (o.code) {
    write_out(page.code);
    return success;
  }
  if (o.save) return save_lesson(page);
  if (o.text) {
    write_out(for_terminal(page.text, colour));
    return success;
  }
  const PageParts parts = parts_of(page);
  write_out(for_terminal(parts.before, colour));
  const Exit code = run_lesson(page, o.inputs);
  write_out(for_terminal(parts.after, colour));
  return code;
}

}  // namespace

void add_lesson(CommandLine& program) {
  auto options = std::make_shared<LessonOptions>();
  LessonOptions& o = *options;
  Command& command = program.add("lesson", "learn backpropagation and descent in 25 lessons that ask and check");
  command.runs([options] { return lesson(*options); });
  command.optional_argument("LESSON", o.lesson, "its number or its name: 0a, 3, learning_rate; nothing: a list of all");
  command.flag("--text", o.text, "print the whole page, and run nothing");
  command.flag("--code", o.code, "print the program");
  command.texts("--set", o.inputs, "NAME=VALUE", "change an input of the program; may be repeated");
  command.flag("--save", o.save, "save the program here, to change it");
  command.footer(
      "The program of the lesson runs in this folder and writes a trace into it, lesson_03.jsonl, for\n"
      "gradus step and gradus html. Answer a question with a number (0.5, 1/2, 3e-4) or a letter. Enter asks\n"
      "for a hint; after three attempts the answer is shown.\n"
      "In a build folder the program is built there; beside an installed Gradus it is compiled by CXX (c++).\n"
      "Exit code: 0 if all that the program measures is as predicted, 1 if not, 3 if it cannot be run.");
}

}  // namespace gradus::tool

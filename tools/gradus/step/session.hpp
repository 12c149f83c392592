// The stepper's commands. A session is a position, breakpoints and the last command; a command is text in, text out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "step/breakpoint.hpp"
#include "step/screen.hpp"

namespace gradus::tool {

class StepSession {
 public:
  StepSession(const Timeline& timeline, Sources& sources, Paint paint)
      : timeline_(timeline), screen_(timeline, sources, paint) {}

  std::string greeting() const { return screen_.summary() + screen_.step(0, ""); }
  // Answers one line; an empty one repeats the last.
  std::string answer(std::string line);

  // Words that may stand in the place of the last one of a line, which has been typed in part.
  std::vector<std::string> completions(std::string_view line) const;

  void go(int position);
  int position() const { return position_; }
  bool over() const { return over_; }              // q was given
  bool understood() const { return understood_; }  // every line so far

 private:
  struct Command;
  static const Command* find(std::string_view name);
  static const std::vector<Command>& commands();

  std::string step(std::string_view rest, int way);
  std::string visit(std::string_view rest, int way);
  std::string run(int way);
  std::string set_breakpoint(std::string_view rest);
  void check_exists(const Breakpoint& b) const;
  std::string list_breakpoints(std::string_view rest) const;
  std::string delete_breakpoint(std::string_view rest);
  std::string print(std::string_view rest) const;
  std::string jump(std::string_view rest);
  std::string tape(std::string_view rest) const;
  static std::string help();

  StepNode node(std::string_view name) const;
  std::string here() const { return screen_.step(position_, stopped_by()); }
  std::string stopped_by() const;

  const Timeline& timeline_;
  StepScreen screen_;
  std::vector<Breakpoint> breakpoints_;
  int position_ = 0, breaks_ = 0;
  bool over_ = false, understood_ = true;
  std::string last_;
};

}  // namespace gradus::tool

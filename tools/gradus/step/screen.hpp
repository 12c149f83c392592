// What the stepper shows: every answer as text.
#pragma once

#include <string>
#include <vector>

#include "step/timeline.hpp"
#include "trace/sources.hpp"

namespace gradus::tool {

// Colours, or none of them.
struct Paint {
  bool on = false;
  std::string code(const char* number, const std::string& text) const {
    return on ? "\x1b[" + std::string(number) + "m" + text + "\x1b[0m" : text;
  }
  std::string strong(const std::string& text) const { return code("1", text); }
  std::string faint(const std::string& text) const { return code("2", text); }
  std::string good(const std::string& text) const { return code("32", text); }
  std::string bad(const std::string& text) const { return code("31", text); }
};

class StepScreen {
 public:
  StepScreen(const Timeline& timeline, Sources& sources, Paint paint)
      : timeline_(timeline), sources_(sources), paint_(paint) {}

  std::string summary() const;
  std::string step(int position, const std::string& stopped_by) const;
  std::string value(const StepState& state, const StepNode& node, const std::string& brackets) const;
  std::string gradient(const StepState& state, const StepNode& node, const std::string& brackets) const;
  std::string statistics(const StepState& state, const StepNode& node) const;
  std::string rule(int position) const;
  std::string why(const StepState& state, const StepNode& node) const;
  std::string check(const StepState& state, const StepNode& node) const;
  std::string where(int position) const;
  std::string list(int position) const;  // source lines around
  std::string tape(const StepState& state, int first, int last) const;

 private:
  std::string title(int position) const;
  std::string about(int position) const;
  std::string body(int position) const;
  std::string source(const trace::Place* place, int around) const;
  std::string contribution(const trace::Contribution& given, int most_rows) const;
  std::string visit(const trace::Visit& visit) const;
  std::string update(const trace::Step& step) const;
  std::string tensor(const std::string& name, const trace::Numbers& numbers, const std::string& more) const;
  std::string verdict(const trace::Check& check) const;
  std::string gradient_check(const StepWalk* walk, int node) const;
  const trace::Place* place(int position) const;

  const Timeline& timeline_;
  Sources& sources_;
  Paint paint_;
};

}  // namespace gradus::tool

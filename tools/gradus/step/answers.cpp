// The stepper's answers about one tensor, one operation, the tape.
#include <fmt/format.h>

#include <algorithm>

#include "cli/command.hpp"
#include "step/screen.hpp"
#include "step/text.hpp"

namespace gradus::tool {
namespace {

std::string at(const trace::Place* place) {
  return place ? clean(short_place(place->file, place->line)) : "place unknown";
}

std::string all_rows(const std::string& title, const trace::Numbers& numbers, const std::string& brackets) {
  const trace::Numbers shown = brackets.empty() ? numbers : slice(numbers, brackets);
  std::string out =
      fmt::format("{}{} {} {}\n", clean(title), clean(brackets), shape_text(shown.shape), gradus::name(shown.dtype));
  const Rows rows = rows_of(shown, 64, 16);
  for (const std::string& line : rows.lines) out += "  " + line + "\n";
  if (rows.more) out += fmt::format("  … {} more rows\n", rows.more);
  return out;
}

std::string line_of(const char* what, const trace::Numbers* numbers) {
  if (!numbers) return fmt::format("  {:9} none\n", what);
  const trace::Stats s = stats_of(*numbers);
  return fmt::format("  {:9} min {}  max {}  mean {}  std {}  norm {}  nan {}  inf {}  zero {} of {}\n", what,
                     number_text(s.min), number_text(s.max), number_text(s.mean), number_text(s.std),
                     number_text(s.norm), s.nan, s.inf, s.zero, numbers->shape.numel());
}

}  // namespace

std::string StepScreen::value(const StepState& state, const StepNode& node, const std::string& brackets) const {
  const trace::Numbers* now = value_at(timeline_, state.position, node);
  if (!now) throw Stop(usage, fmt::format("the value of {} is not in the trace", clean(node.name())));
  return all_rows(node.title(), *now, brackets);
}

std::string StepScreen::gradient(const StepState& state, const StepNode& node, const std::string& brackets) const {
  const auto found = state.nodes.find(node.id);
  if (found == state.nodes.end() || !found->second.grad)
    return fmt::format("{} has no gradient yet\n", clean(node.name()));
  const NodeState& s = found->second;
  const std::string so_far = s.visited || s.k == s.of ? "" : fmt::format("  so far, {} of {}", s.k, s.of);
  std::string out = all_rows("∂L/∂" + node.name(), *s.grad, brackets);
  return out.insert(out.find('\n'), so_far);
}

std::string StepScreen::statistics(const StepState& state, const StepNode& node) const {
  const auto found = state.nodes.find(node.id);
  return clean(node.title()) + "\n" + line_of("value", value_at(timeline_, state.position, node)) +
         line_of("gradient", found == state.nodes.end() ? nullptr : found->second.grad);
}

namespace {

// "a b" as a list; x, or a b c, for a trace that does not say.
std::vector<std::string> letters_of(const trace::Op& op) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < op.letters.size();) {
    const std::size_t end = std::min(op.letters.find(' ', at), op.letters.size());
    all.push_back(op.letters.substr(at, end - at));
    at = end + 1;
  }
  if (all.empty() && op.inputs.size() == 1) all.emplace_back("x");
  while (all.size() < op.inputs.size()) all.emplace_back(1, static_cast<char>('a' + all.size()));
  return all;
}

// Does a line speak of this letter?
bool names(const std::string& line, const std::string& letter) {
  const auto part_of_word = [&](std::size_t at) {
    return at < line.size() && (std::isalnum(static_cast<unsigned char>(line[at])) || line[at] == '_');
  };
  for (std::size_t at = 0; (at = line.find(letter, at)) != line.npos; ++at)
    if ((at == 0 || !part_of_word(at - 1)) && !part_of_word(at + letter.size())) return true;
  return false;
}

}  // namespace

// The rule of this step: its lines, and what each letter in them stands for.
std::string StepScreen::rule(int position) const {
  if (position == 0) return "no operation runs in this step\n";
  const trace::Body& body = timeline_.body(position);
  if (const auto* e = std::get_if<trace::Step>(&body)) {
    std::string out =
        fmt::format("{}: {}\n", clean(e->optimizer), e->formula.empty() ? "formula not given" : clean(e->formula));
    if (e->grad) out += tensor("g", *e->grad, "the rest is in the trace");
    if (e->before) out += tensor("p before", *e->before, "the rest is in the trace");
    for (const auto& [name, numbers] : e->state) out += tensor(name + " after", numbers, "the rest is in the trace");
    return e->after ? out + tensor("p after", *e->after, "the rest is in the trace") : out;
  }
  const trace::Op* op = operation(timeline_, position);
  if (!op) return "no operation runs in this step\n";
  std::string out;
  if (!op->formula.empty()) out += fmt::format("{}: {}\n", clean(op->op), clean(op->formula));
  out += fmt::format("{}: {}\n", op->formula.empty() ? clean(op->op) : "rule",
                     op->rule.empty() ? "rule not given" : clean(op->rule));
  const auto* given = std::get_if<trace::Contribution>(&body);
  const StepTape* tape = timeline_.tape(position);
  const StepWalk* walk = given ? timeline_.walk_numbered(given->walk) : nullptr;
  if (const auto* e = std::get_if<trace::Visit>(&body))
    out += tensor("g", e->grad, "p grad " + fmt::format("t{}", e->node));
  if (walk) {
    const auto visit = walk->visit.find(given->from);
    if (visit != walk->visit.end())
      out += tensor("g", std::get<trace::Visit>(timeline_.event(visit->second)).grad,
                    fmt::format("p grad t{}", given->from));
  }
  const bool forward = std::holds_alternative<trace::Op>(body);
  const std::string& line = forward ? op->formula : op->rule;
  const std::vector<std::string> letters = letters_of(*op);
  for (std::size_t k = 0; tape && k < op->inputs.size(); ++k) {
    const StepNode in = tape->node(op->inputs[k]);
    if ((forward || names(line, letters[k])) && in.value())
      out += tensor(fmt::format("{} = {}", letters[k], in.name()), *in.value(), "p val " + in.name());
  }
  if (forward || names(line, "y")) out += tensor("y", op->value, fmt::format("p val t{}", op->node));
  return given ? out + contribution(*given, 8) : out;
}

std::string StepScreen::why(const StepState& state, const StepNode& node) const {
  if (!state.walk) return fmt::format("{}: no walk has begun\n", clean(node.name()));
  const auto given = state.walk->given.find(node.id);
  if (given == state.walk->given.end()) {
    if (state.walk->begin && state.walk->begin->from == node.id)
      return fmt::format("{}: the walk starts here: its gradient is 1, or the given cotangent\n", clean(node.name()));
    return fmt::format("{}: no contribution: the walk does not visit it\n", clean(node.name()));
  }
  const std::size_t count = given->second.size();
  std::string out =
      fmt::format("{}{}: {} contribution{}\n", clean(node.title()),
                  node.value() ? " " + shape_text(node.value()->shape) : "", count, count == 1 ? "" : "s");
  for (const int event : given->second) {
    const auto& e = std::get<trace::Contribution>(timeline_.event(event));
    const StepNode from = state.tape->node(e.from);
    const bool later = event > timeline_.event_of(state.position);
    const std::string scope = from.scope().empty() ? "" : fmt::format(" (in {})", clean(from.scope()));
    out += fmt::format("  {}/{}  {} {}  {}{}{}\n", e.k, e.of, clean(from.op ? from.op->op : "?"), clean(from.name()),
                       at(from.place()), scope, later ? "  still to come" : "");
    if (!later) out += contribution(e, 1);
  }
  return out;
}

std::string StepScreen::check(const StepState& state, const StepNode& node) const {
  if (!state.walk) return fmt::format("{}: no walk has begun\n", clean(node.name()));
  std::string out;
  const auto reached = state.nodes.find(node.id);
  const bool complete =
      reached != state.nodes.end() &&
      (reached->second.visited || (reached->second.of > 0 && reached->second.k == reached->second.of));
  if (!complete && (state.walk->visit.contains(node.id)))
    return fmt::format("{}: its gradient is still to come\n", clean(node.name()));
  const auto gradient = state.walk->gradient.find(node.id);
  if (gradient != state.walk->gradient.end()) {
    const trace::Check& c = *gradient->second;
    out += fmt::format("{} gradient, {}, h = {:g}: {}\n", clean(node.title()),
                       c.numeric_each ? "every element" : "one random direction", c.h, verdict(c));
    if (c.numeric_each && c.analytic_each) {
      const Rows analytic = rows_of(*c.analytic_each, 16, 8), numeric = rows_of(*c.numeric_each, 16, 8);
      for (std::size_t r = 0; r < std::min(analytic.lines.size(), numeric.lines.size()); ++r)
        out += fmt::format("  analytic  {}\n  numeric   {}\n", analytic.lines[r], numeric.lines[r]);
      if (numeric.more) out += fmt::format("  … {} more rows\n", numeric.more);
    } else if (c.verdict != "skipped")
      out += fmt::format("  analytic  {}\n  numeric   {}\n", number_text(c.analytic), number_text(c.numeric));
  }
  for (auto rule = state.walk->rule.lower_bound({node.id, 0});
       rule != state.walk->rule.end() && rule->first.first == node.id; ++rule) {
    const trace::Check& c = *rule->second;
    out += fmt::format("rule of {}, input {}: {}\n", clean(c.op), c.slot, verdict(c));
    if (c.verdict != "skipped")
      out += fmt::format("  analytic  {}\n  numeric   {}\n", number_text(c.analytic), number_text(c.numeric));
  }
  return out.empty() ? fmt::format("{}: nothing was checked\n", clean(node.name())) : out;
}

std::string StepScreen::where(int position) const {
  if (position == 0) return "before the first step\n";
  const StepTape* tape = timeline_.tape(position);
  std::string out = fmt::format("step {} of {}: {}\n", position, timeline_.count(), clean(title(position)));
  if (const trace::Place* here = place(position))
    out += fmt::format("  at      {}:{}\n", clean(here->file), here->line);
  const trace::Op* op = operation(timeline_, position);
  if (op && !op->scope.empty()) out += fmt::format("  module  {}\n", clean(op->scope));
  const trace::Body& body = timeline_.body(position);
  int number = 0;
  if (const auto* e = std::get_if<trace::Visit>(&body)) number = e->walk;
  if (const auto* e = std::get_if<trace::Contribution>(&body)) number = e->walk;
  const StepWalk* walk = timeline_.walk_numbered(number);
  if (walk && walk->begin)
    out += fmt::format("  walk    {}, {} from t{}, called at {}:{}\n", number, clean(walk->begin->what),
                       walk->begin->from, clean(walk->begin->loc.file), walk->begin->loc.line);
  if (tape) out += fmt::format("  tape    {} of {}\n", tape->number, timeline_.tapes().size());
  out += fmt::format("  trace   line {}\n", timeline_.file().events[timeline_.event_of(position)].line);
  return out;
}

std::string StepScreen::list(int position) const {
  const std::string lines = source(place(position), 5);
  return lines.empty() ? "this step has no source line\n" : lines;
}

std::string StepScreen::tape(const StepState& state, int first, int last) const {
  if (!state.tape) return "the trace has no tape\n";
  std::vector<int> ids;
  for (const auto& [id, node] : state.tape->nodes) {
    if (id >= first && id <= last) ids.push_back(id);
  }
  std::ranges::sort(ids);
  const int* here = state.position ? subject(timeline_.body(state.position)) : nullptr;
  std::string out;
  for (const int id : ids) {
    const StepNode node = state.tape->node(id);
    const auto found = state.nodes.find(id);
    const NodeState s = found == state.nodes.end() ? NodeState{} : found->second;
    std::string inputs;
    for (const int in : node.op ? node.op->inputs : std::vector<int>{})
      inputs += fmt::format("{}{}", inputs.empty() ? "" : ", ", clean(state.tape->node(in).name()));
    std::string what = node.leaf && node.leaf->constant ? "constant" : "leaf";
    if (node.op) what = fmt::format("{}({})", clean(node.op->op), inputs);
    std::string line = fmt::format("{} {}", here && *here == id ? " ▶" : "  ", padded(clean(node.name()), 12));
    line = padded(line + " " + what, 44) + " " + padded(node.value() ? shape_text(node.value()->shape) : "?", 10);
    line = padded(line + " " + at(node.place()), 76);
    if (s.of) line += fmt::format(" ∇ {}/{}", s.k, s.of);
    if (!s.recorded) line += " to come";
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out.empty() ? "no node is in this range\n" : out;
}

}  // namespace gradus::tool

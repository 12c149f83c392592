// The stepper's commands: a table of names, and what each does.
#include "step/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cli/command.hpp"
#include "cli/nearest.hpp"
#include "step/json.hpp"
#include "step/text.hpp"
#include "tensor/number.hpp"

namespace gradus::tool {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// The first word; `text` keeps the rest.
std::string_view word(std::string_view& text) {
  const std::string_view first = text.substr(0, text.find_first_of(" \t"));
  text = trimmed(text.substr(first.size()));
  return first;
}

std::optional<int> to_integer(std::string_view text) {
  const auto n = detail::parse_integer(text);
  return n && *n == static_cast<int>(*n) ? std::optional(static_cast<int>(*n)) : std::nullopt;
}

// How often: once, if there is no number.
int times(std::string_view rest, const char* command) {
  if (rest.empty()) return 1;
  const auto n = to_integer(rest);
  if (!n || *n < 1)
    throw Stop(usage, fmt::format("{}: expected a number of 1 or more, got '{}'", command, clean(rest)));
  return *n;
}

// "no tensor 'fc1.wieght'; did you mean fc1.weight?"
std::string no_tensor(std::string_view name, std::vector<std::string> names) {
  std::ranges::sort(names);
  std::string_view nearest = "";
  const std::string all = unknown(name, names);
  if (const std::size_t at = all.find("did you mean"); at != all.npos || names.size() <= 20)
    nearest = std::string_view(all).substr(all.find(' ') + 1);  // less the word "unknown;"
  return fmt::format("no tensor '{}'; {}", clean(name), nearest.empty() ? "tape lists them" : clean(nearest));
}

}  // namespace

namespace {
// "unknown; did you mean goto?" less its first word
std::string without_unknown(const std::string& text) { return text.substr(text.find(' ') + 1); }
}  // namespace

struct StepSession::Command {
  const char* names;  // separated by blanks
  const char* takes;
  const char* says;
  std::string (*run)(StepSession& session, std::string_view rest);
};

const std::vector<StepSession::Command>& StepSession::commands() {
  using S = StepSession;
  using Rest = std::string_view;
  static const std::vector<Command> all = {
      {"s step", "[n]", "go one step on, or n", [](S& s, Rest r) { return s.step(r, 1); }},
      {"rs back", "[n]", "go one step back, or n", [](S& s, Rest r) { return s.step(r, -1); }},
      {"n next", "[n]", "go on to the next visit of a node, or the n-th", [](S& s, Rest r) { return s.visit(r, 1); }},
      {"rn", "[n]", "go back to the previous visit, or the n-th", [](S& s, Rest r) { return s.visit(r, -1); }},
      {"c continue", "", "run on to a breakpoint or the end", [](S& s, Rest) { return s.run(1); }},
      {"rc", "", "run back to a breakpoint or the beginning", [](S& s, Rest) { return s.run(-1); }},
      {"goto", "K", "go to step K", [](S& s, Rest r) { return s.jump(r); }},
      {"b break", "SPEC",
       "stop at op:matmul  t:fc1.weight  t7  scope:fc1  line:xor.cpp:16  nan  inf  nonfinite (either)  norm>100  zero "
       "(a "
       "gradient of zeros)  check:bad (or kink, skipped, ok)  fanin (a second contribution comes)",
       [](S& s, Rest r) { return s.set_breakpoint(r); }},
      {"info", "b", "list the breakpoints", [](S& s, Rest r) { return s.list_breakpoints(r); }},
      {"d delete", "N", "delete breakpoint N", [](S& s, Rest r) { return s.delete_breakpoint(r); }},
      {"p print", "[X]", "show value and gradient of X; p val X[0:2,1], p grad X",
       [](S& s, Rest r) { return s.print(r); }},
      {"stats", "[X]", "show statistics of X",
       [](S& s, Rest r) { return s.screen_.statistics(state_at(s.timeline_, s.position_), s.node(r)); }},
      {"rule", "", "show the rule of this step, with numbers", [](S& s, Rest) { return s.screen_.rule(s.position_); }},
      {"why", "[X]", "show every contribution to the gradient of X",
       [](S& s, Rest r) { return s.screen_.why(state_at(s.timeline_, s.position_), s.node(r)); }},
      {"check", "[X]", "compare the gradient of X with finite differences",
       [](S& s, Rest r) { return s.screen_.check(state_at(s.timeline_, s.position_), s.node(r)); }},
      {"where bt", "", "show source line, module, walk and tape of this step",
       [](S& s, Rest) { return s.screen_.where(s.position_); }},
      {"l list", "", "show the source lines around", [](S& s, Rest) { return s.screen_.list(s.position_); }},
      {"tape", "[a..b]", "show the tape, or a part of it", [](S& s, Rest r) { return s.tape(r); }},
      {"json", "", "print the state as JSON", [](S& s, Rest) { return state_json(s.timeline_, s.position_) + "\n"; }},
      {"help h", "", "show this list", [](S&, Rest) { return help(); }},
      {"q quit", "", "leave",
       [](S& s, Rest) {
         s.over_ = true;
         return std::string();
       }},
  };
  return all;
}

const StepSession::Command* StepSession::find(std::string_view name) {
  for (const Command& command : commands()) {
    std::string_view names = command.names;
    while (!names.empty()) {
      if (word(names) == name) return &command;
    }
  }
  return nullptr;
}

std::string StepSession::answer(std::string line) {
  if (trimmed(line).empty()) line = last_;
  std::string_view rest = trimmed(line);
  if (rest.empty()) return "";
  last_ = line;
  const std::string_view name = word(rest);
  try {
    if (const Command* command = find(name)) return command->run(*this, rest);
    std::vector<std::string> names;
    for (const Command& command : commands()) {
      std::string_view all = command.names;
      while (!all.empty()) names.emplace_back(word(all));
    }
    throw Stop(usage, fmt::format("there is no command '{}'; {}", clean(name), without_unknown(unknown(name, names))));
  } catch (const Stop& wrong) {
    understood_ = false;
    return std::string(wrong.what()) + "\n";
  }
}

void StepSession::go(int position) { position_ = std::clamp(position, 0, timeline_.count()); }

std::string StepSession::step(std::string_view rest, int way) {
  const int before = position_;
  const long n = times(rest, way > 0 ? "s" : "rs");
  position_ = static_cast<int>(std::clamp<long>(position_ + way * n, 0, timeline_.count()));
  if (position_ == before) return way > 0 ? "this is the last step\n" : "this is the beginning\n";
  return here();
}

std::string StepSession::visit(std::string_view rest, int way) {
  const int before = position_;
  for (int n = times(rest, way > 0 ? "n" : "rn"); n > 0; --n) {
    int at = position_ + way;
    while (at > 0 && at <= timeline_.count() && !std::holds_alternative<trace::Visit>(timeline_.body(at))) at += way;
    if (at <= 0 || at > timeline_.count()) break;
    position_ = at;
  }
  if (position_ == before) return way > 0 ? "no visit comes after this step\n" : "no visit comes before this step\n";
  return here();
}

std::string StepSession::run(int way) {
  if (position_ == (way > 0 ? timeline_.count() : 0))
    return way > 0 ? "this is the last step\n" : "this is the beginning\n";
  do {
    position_ += way;
    if (position_ > 0 && !stopped_by().empty()) return here();
  } while (position_ > 0 && position_ < timeline_.count());
  return fmt::format("no breakpoint on the way to the {}\n", way > 0 ? "end" : "beginning") + here();
}

std::string StepSession::stopped_by() const {
  if (position_ == 0) return "";
  for (const Breakpoint& b : breakpoints_) {
    if (stops(timeline_, position_, b)) return fmt::format("breakpoint {}", b.number);
  }
  return "";
}

std::string StepSession::jump(std::string_view rest) {
  const auto k = to_integer(rest);
  if (!k || *k < 0 || *k > timeline_.count())
    throw Stop(usage, fmt::format("goto: expected a step from 0 to {}, got '{}'", timeline_.count(), clean(rest)));
  position_ = *k;
  return here();
}

// Refuses what no step of the trace can fulfil.
void StepSession::check_exists(const Breakpoint& b) const {
  using Kind = Breakpoint::Kind;
  std::vector<std::string> names;
  bool known = false;  // on any tape
  const char* what = b.kind == Kind::op ? "operation" : b.kind == Kind::scope ? "module" : "source file";
  for (const auto& [number, tape] : timeline_.tapes()) {
    for (const auto& [id, node] : tape.nodes) {
      if (b.kind == Kind::tensor) {
        known = known || node.name() == b.text || (id >= 0 && fmt::format("t{}", id) == b.text);
        if (&tape == timeline_.tape(position_)) names.push_back(node.name());
        continue;
      }
      if (!node.op) continue;
      const trace::Place& at = node.op->loc;
      const std::string& name = b.kind == Kind::op ? node.op->op : b.kind == Kind::scope ? node.op->scope : at.file;
      if (b.kind == Kind::op)
        known = known || name == b.text;
      else if (b.kind == Kind::scope)
        known = known || name == b.text || name.starts_with(b.text + ".");
      else
        known = known || (at.line == b.line && (name == b.text || name.ends_with("/" + b.text)));
      const std::string shown = b.kind == Kind::line ? clean(short_place(name, at.line)) : name;
      if (!shown.empty() && std::ranges::find(names, shown) == names.end()) names.push_back(shown);
    }
  }
  if (known) return;
  if (b.kind == Kind::tensor) throw Stop(usage, no_tensor(b.text, names));
  std::ranges::sort(names);
  if (b.kind == Kind::line) {
    const std::string line = fmt::format("{}:{}", b.text, b.line);
    throw Stop(usage,
               fmt::format("no operation was called at {}; {}", clean(line), without_unknown(unknown(line, names))));
  }
  throw Stop(usage, fmt::format("no {} '{}' is in the trace{}", what, clean(b.text),
                                names.empty() ? "" : "; " + without_unknown(unknown(b.text, names))));
}

std::string StepSession::set_breakpoint(std::string_view rest) {
  using Kind = Breakpoint::Kind;
  Breakpoint b = parse_breakpoint(rest);
  if (b.kind == Kind::tensor || b.kind == Kind::op || b.kind == Kind::scope || b.kind == Kind::line) check_exists(b);
  b.number = ++breaks_;
  breakpoints_.push_back(b);
  return fmt::format("breakpoint {}: {}\n", b.number, clean(b.spec));
}

std::string StepSession::list_breakpoints(std::string_view rest) const {
  if (rest != "b") throw Stop(usage, "info b lists the breakpoints");
  std::string out;
  for (const Breakpoint& b : breakpoints_) out += fmt::format("{}  {}\n", b.number, clean(b.spec));
  return out.empty() ? "no breakpoints\n" : out;
}

std::string StepSession::delete_breakpoint(std::string_view rest) {
  const auto number = to_integer(rest);
  const auto gone =
      std::ranges::find_if(breakpoints_, [&](const Breakpoint& b) { return number && b.number == *number; });
  if (gone == breakpoints_.end())
    throw Stop(usage, fmt::format("there is no breakpoint '{}'; info b lists them", clean(rest)));
  breakpoints_.erase(gone);
  return fmt::format("breakpoint {} deleted\n", *number);
}

// A tensor of this step's tape, by name or number; without either that of the step itself.
StepNode StepSession::node(std::string_view name) const {
  const StepTape* tape = timeline_.tape(position_);
  if (name.empty()) {
    const int* here = position_ ? subject(timeline_.body(position_)) : nullptr;
    if (here && tape) return tape->node(*here);
    const auto* update = position_ ? std::get_if<trace::Step>(&timeline_.body(position_)) : nullptr;
    if (update) return node(update->parameter);
    throw Stop(usage, "this step has no tensor of its own: give a name as in fc1.weight, or a number as in t7");
  }
  std::vector<std::string> names;
  if (tape) {
    const StepNode* called = nullptr;  // the last of this name
    for (const auto& [id, node] : tape->nodes) {
      if (node.name() == name && (!called || called->id < id)) called = &node;
      names.push_back(node.name());
    }
    if (called) return *called;
    const auto number = to_integer(name.substr(1));
    const bool fits = number && name.front() == 't' && std::in_range<int>(*number);
    const auto found = fits ? tape->nodes.find(static_cast<int>(*number)) : tape->nodes.end();
    if (found != tape->nodes.end()) return found->second;
  }
  if (names.empty()) throw Stop(usage, "there is no tape here");
  throw Stop(usage, no_tensor(name, names));
}

std::string StepSession::print(std::string_view rest) const {
  const std::string_view all = rest;
  std::string_view what = word(rest);
  if (what != "val" && what != "grad") {
    what = "";
    rest = all;
  }
  const std::size_t bracket = rest.ends_with(']') ? rest.find('[') : rest.npos;
  const std::string brackets(bracket == rest.npos ? "" : rest.substr(bracket));
  const StepNode x = node(trimmed(rest.substr(0, bracket)));
  const StepState state = state_at(timeline_, position_);
  if (what == "val") return screen_.value(state, x, brackets);
  if (what == "grad") return screen_.gradient(state, x, brackets);
  return (x.value() ? screen_.value(state, x, brackets) : "") + screen_.gradient(state, x, brackets);
}

std::string StepSession::tape(std::string_view rest) const {
  const StepState state = state_at(timeline_, position_);
  if (rest.empty()) {  // all of a small one, a window of a large one
    const StepTape* tape = state.tape;
    const int* here = position_ ? subject(timeline_.body(position_)) : nullptr;
    if (!tape || tape->nodes.size() <= 60) return screen_.tape(state, -1000000, 1000000);
    const int middle = here ? *here : 20;
    return screen_.tape(state, middle - 20, middle + 20) +
           fmt::format("{} nodes; tape a..b shows others\n", tape->nodes.size());
  }
  const std::size_t dots = rest.find("..");
  const auto first = dots == rest.npos ? std::nullopt : to_integer(trimmed(rest.substr(0, dots)));
  const auto last = dots == rest.npos ? std::nullopt : to_integer(trimmed(rest.substr(dots + 2)));
  if (!first || !last)
    throw Stop(usage, fmt::format("tape: expected a range of nodes, as in 0..20, got '{}'", clean(rest)));
  return screen_.tape(state, *first, *last);
}

// What may stand at the end of a line that begins like this.
std::vector<std::string> StepSession::completions(std::string_view line) const {
  std::vector<std::string> all;
  const std::size_t blank = line.find_last_of(" \t");
  const std::string_view begun = blank == line.npos ? line : line.substr(blank + 1);
  const auto offer = [&](const std::string& text) {
    const bool plain = clean(text) == text;  // a name must not steer the terminal
    if (plain && text.starts_with(begun) && std::ranges::find(all, text) == all.end()) all.push_back(text);
  };
  if (blank == line.npos) {
    for (const Command& command : commands()) {
      std::string_view names = command.names;
      while (!names.empty()) offer(std::string(word(names)));
    }
    std::ranges::sort(all);
    return all;
  }
  std::string_view rest = trimmed(line);
  const std::string_view first = word(rest);
  const bool breaks = first == "b" || first == "break";
  const bool takes_tensor = first == "p" || first == "print" || first == "stats" || first == "why" || first == "check";
  if (first == "p" || first == "print") {
    offer("val");
    offer("grad");
  }
  if (breaks)
    for (const char* spec : {"nan", "inf", "nonfinite", "zero", "norm>", "check:bad", "check:kink", "fanin", "line:"})
      offer(spec);
  const StepTape* tape = timeline_.tape(position_);
  for (const auto& [id, node] : tape ? tape->nodes : std::unordered_map<int, StepNode>{}) {
    if (takes_tensor) offer(node.name());
    if (breaks) offer(node.leaf && !node.leaf->name.empty() ? "t:" + node.name() : node.name());
    if (!breaks || !node.op) continue;
    offer("op:" + node.op->op);
    if (!node.op->scope.empty()) offer("scope:" + node.op->scope);
  }
  std::ranges::sort(all);
  return all;
}

std::string StepSession::help() {
  std::string out;
  for (const Command& c : commands()) {
    out += padded(fmt::format("  {} {}", c.names, c.takes), 20) + " " + c.says + "\n";
  }
  return out +
         "  An empty line repeats the last command. X is a name or a number, fc1.weight, t7, c1; without it, the "
         "tensor "
         "of\n  this step. Tab completes commands, names and breakpoints.\n";
}

}  // namespace gradus::tool

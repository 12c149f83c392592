// An index of a trace's events, and the state of a tape after each step.
#include "step/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gradus::tool {
namespace {

// The tape that an event belongs to; 0 for one of no tape.
int tape_of(const trace::Body& body) {
  return std::visit(
      [](const auto& e) {
        if constexpr (requires { e.tape; })
          return e.tape;
        else
          return 0;
      },
      body);
}

bool is_step(const trace::Body& body) {
  if (const auto* update = std::get_if<trace::Step>(&body)) return update->after.has_value();  // not of an outline
  return std::holds_alternative<trace::Op>(body) || std::holds_alternative<trace::Visit>(body) ||
         std::holds_alternative<trace::Contribution>(body) || std::holds_alternative<trace::Accumulate>(body) ||
         std::holds_alternative<trace::ZeroGrad>(body) || std::holds_alternative<trace::Mutation>(body);
}

// An Error that was made under a tape stopped it if nothing but ends follows.
std::vector<bool> failures_that_stop(const trace::File& file) {
  std::vector<bool> stops(file.events.size());
  std::map<int, bool> goes_on;
  for (std::size_t i = file.events.size(); i-- > 0;) {
    const trace::Body& body = file.events[i].body;
    const int tape = tape_of(body);
    if (!tape || std::holds_alternative<trace::TapeEnd>(body)) continue;
    if (const auto* end = std::get_if<trace::WalkEnd>(&body); end && !end->complete) continue;
    bool& later = goes_on[tape];
    stops[i] = std::holds_alternative<trace::Failure>(body) && !later;
    later = true;
  }
  return stops;
}

// Adds what one event says to a state of its tape.
struct Advance {
  StepState& state;
  const Timeline& timeline;

  void operator()(const trace::Leaf& e) const { state.nodes[e.node].recorded = true; }
  void operator()(const trace::Op& e) const { state.nodes[e.node].recorded = true; }
  void operator()(const trace::Walk& e) const {
    state.walk = timeline.walk_numbered(e.walk);
    for (auto& [id, node] : state.nodes) node = {.recorded = node.recorded};
  }
  void operator()(const trace::Contribution& e) const {
    began(e.walk);
    NodeState& to = state.nodes[e.to];
    to.k = e.k;
    to.of = e.of;
    to.grad = &e.after;
  }
  void operator()(const trace::Visit& e) const {
    began(e.walk);
    NodeState& node = state.nodes[e.node];
    node.visited = true;
    node.k = e.arrived;
    node.of = e.of;
    node.grad = &e.grad;
  }
  template <class Other>
  void operator()(const Other&) const {}

 private:
  void began(int walk) const {  // its beginning may have been dropped
    if (!state.walk) state.walk = timeline.walk_numbered(walk);
  }
};

}  // namespace

std::string StepNode::name() const {
  if (leaf && !leaf->name.empty()) return leaf->name;
  if (!given.empty()) return given;
  return id < 0 ? fmt::format("c{}", -static_cast<long>(id)) : fmt::format("t{}", id);
}

std::string StepNode::title() const {
  if (op) return fmt::format("{} ({})", name(), op->op);
  return leaf && leaf->constant ? name() + " (constant)" : name();
}

const trace::Numbers* StepNode::value() const {
  if (op) return &op->value;
  return leaf ? &leaf->value : nullptr;
}

const trace::Place* StepNode::place() const {
  const trace::Place* at = nullptr;
  if (leaf) at = &leaf->loc;
  if (op) at = &op->loc;
  return at && !at->file.empty() ? at : nullptr;
}

const std::string& StepNode::scope() const {
  static const std::string none;
  if (op) return op->scope;
  return leaf ? leaf->scope : none;
}

bool StepWalk::bad_rule(int node) const {
  for (auto check = rule.lower_bound({node, 0}); check != rule.end() && check->first.first == node; ++check) {
    if (check->second->verdict == "bad") return true;
  }
  return false;
}

StepNode StepTape::node(int id) const {
  const auto found = nodes.find(id);
  return found == nodes.end() ? StepNode{.id = id} : found->second;
}

Timeline::Timeline(const trace::File& file) : file_(file), names_(result_names(file)) {
  int current = 0;
  const std::vector<bool> fails = failures_that_stop(file);
  for (int i = 0; i < static_cast<int>(file.events.size()); ++i) {
    index(i);
    const int tape = tape_of(event(i));
    if (tape && (!current || tapes_[tape].full)) current = tape;
    if (!is_step(event(i)) && !fails[static_cast<std::size_t>(i)]) continue;
    steps_.push_back(i);
    tape_at_.push_back(current);
  }
}

void Timeline::index(int i) {
  const trace::Body& body = event(i);
  if (const int number = tape_of(body)) {
    StepTape& tape = tapes_[number];
    if (tape.first < 0) {
      tape.number = number;
      tape.first = i;
    }
    if (const auto* begin = std::get_if<trace::TapeBegin>(&body)) tape.full = begin->full;
    if (const auto* leaf = std::get_if<trace::Leaf>(&body)) tape.nodes[leaf->node] = {.id = leaf->node, .leaf = leaf};
    if (const auto* op = std::get_if<trace::Op>(&body))
      tape.nodes[op->node] = {.id = op->node, .op = op, .given = name_of(names_, op->tape, op->node)};
    if (const auto* walk = std::get_if<trace::Walk>(&body)) {
      tape.walks.push_back(walk->walk);
      walks_[walk->walk].begin = walk;
    }
  }
  if (const auto* visit = std::get_if<trace::Visit>(&body)) walks_[visit->walk].visit[visit->node] = i;
  if (const auto* given = std::get_if<trace::Contribution>(&body)) walks_[given->walk].given[given->to].push_back(i);
  if (const auto* check = std::get_if<trace::Check>(&body)) {
    StepWalk& walk = walks_[check->walk];
    if (check->kind == "local") {
      walk.rule[{check->node, check->slot}] = check;
    } else {  // one is shown: one that fails, or else the most thorough
      const trace::Check*& shown = walk.gradient[check->node];
      if (!shown || check->verdict == "bad" || (check->kind == "elements" && shown->verdict != "bad")) shown = check;
    }
  }
}

const StepTape* Timeline::tape(int position) const {
  if (tape_at_.empty()) return tapes_.empty() ? nullptr : &tapes_.begin()->second;
  return tape_numbered(tape_at_[std::max(position, 1) - 1]);
}

const StepTape* Timeline::tape_numbered(int number) const {
  const auto found = tapes_.find(number);
  return found == tapes_.end() ? nullptr : &found->second;
}

const StepWalk* Timeline::walk_numbered(int number) const {
  const auto found = walks_.find(number);
  return found == walks_.end() ? nullptr : &found->second;
}

StepState state_at(const Timeline& timeline, int position) {
  StepState state{.position = position, .tape = timeline.tape(position), .walk = {}, .nodes = {}};
  if (!state.tape || state.tape->first < 0) return state;
  for (int i = state.tape->first; i <= timeline.event_of(position); ++i) {
    if (tape_of(timeline.event(i)) == state.tape->number) std::visit(Advance{state, timeline}, timeline.event(i));
  }
  return state;
}

const trace::Numbers* value_at(const Timeline& timeline, int position, const StepNode& node) {
  const StepTape* tape = timeline.tape(position);
  if (tape && node.leaf && node.leaf->tensor >= 0) {
    for (int i = timeline.event_of(position); i >= std::max(tape->first, 0); --i) {
      const auto* update = std::get_if<trace::Step>(&timeline.event(i));
      if (update && update->tensor == node.leaf->tensor && update->after) return &*update->after;
    }
  }
  return node.value();
}

const int* subject(const trace::Body& body) {
  if (const auto* e = std::get_if<trace::Op>(&body)) return &e->node;
  if (const auto* e = std::get_if<trace::Visit>(&body)) return &e->node;
  if (const auto* e = std::get_if<trace::Contribution>(&body)) return &e->to;
  if (const auto* e = std::get_if<trace::Accumulate>(&body)) return &e->node;
  return nullptr;
}

const trace::Op* operation(const Timeline& timeline, int position) {
  const trace::Body& body = timeline.body(position);
  const StepTape* tape = timeline.tape(position);
  if (const auto* e = std::get_if<trace::Op>(&body)) return e;
  if (const auto* e = std::get_if<trace::Visit>(&body); e && tape) return tape->node(e->node).op;
  if (const auto* e = std::get_if<trace::Contribution>(&body); e && tape) return tape->node(e->from).op;
  return nullptr;
}

}  // namespace gradus::tool

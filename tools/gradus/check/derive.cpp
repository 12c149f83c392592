#include "check/derive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace gradus::tool::trace {

const Nodes::Node* Nodes::find(int tape, int node) const {
  const auto found = all.find({tape, node});
  return found == all.end() ? nullptr : &found->second;
}

const Numbers& Nodes::Node::value_at(std::size_t line_of_reader) const {
  const Numbers* last = &value();
  for (const auto& [at, later] : again)
    if (!op && at < line_of_reader) last = &later->value;
  return *last;
}

std::string Nodes::name(int tape, int node) const {
  const Node* n = find(tape, node);
  const std::string t = fmt::format("t{}", node);
  if (!n) return t;
  const Place& at = n->op ? n->op->loc : n->leaf->loc;
  const std::string what = n->op ? n->op->op : n->leaf->name.empty() ? "leaf" : n->leaf->name;
  return fmt::format("{} ({}, {}:{})", t, what, at.file.substr(at.file.rfind('/') + 1), at.line);
}

Nodes nodes_of(const File& file) {
  Nodes nodes;
  for (const Event& e : file.events) {
    if (const auto* leaf = std::get_if<Leaf>(&e.body)) {
      Nodes::Node& n = nodes.all[{leaf->tape, leaf->node}];
      if (n.line)
        n.again.emplace_back(e.line, leaf);
      else
        n.line = e.line, n.leaf = leaf;
    }
    if (const auto* op = std::get_if<Op>(&e.body)) {
      Nodes::Node& n = nodes.all[{op->tape, op->node}];
      n = {};
      n.line = e.line, n.op = op;
    }
  }
  return nodes;
}

namespace {

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

bool same(const Numbers& a, const Numbers& b) {
  return a.dtype == b.dtype && a.shape == b.shape && a.data.size() == b.data.size() &&
         std::equal(a.data.begin(), a.data.end(), b.data.begin(), [](double x, double y) { return same(x, y); });
}

class Orderly {
 public:
  Orderly(const File& file, const Nodes& nodes, Findings& to) : file_(file), nodes_(nodes), to_(to) {}

  void run() {
    for (const Event& e : file_.events) {
      line_ = e.line;
      std::visit([&](const auto& body) { see(body); }, e.body);
    }
    for (const auto& [number, w] : walks_)
      if (!w.ended) to_.remarks.push_back(fmt::format("walk {} does not come to its end", number));
  }

 private:
  struct Slot {
    int k = 0, of = 0;
    bool visited = false;
    const Numbers* sum = nullptr;
  };
  struct Walking {
    const Walk* walk;
    bool ended = false, counted = false;
    std::map<int, Slot> slots;
    std::map<int, int> of;  // how many contributions the tape promises
  };

  template <class... T>
  void off(fmt::format_string<T...> text, T&&... args) {
    to_.troubles.push_back({line_, fmt::format(text, std::forward<T>(args)...)});
  }
  // A ring may have lost the beginning of what its events are about.
  bool known(int tape, int node) {
    if (nodes_.find(tape, node)) return true;
    if (file_.header.ring == 0) off("t{} of tape {} has not been recorded", node, tape);
    return false;
  }
  std::string name(int tape, int node) const { return nodes_.name(tape, node); }
  Walking* walking(int number) {
    const auto found = walks_.find(number);
    if (found != walks_.end()) return &found->second;
    if (file_.header.ring == 0) off("walk {} has not been begun", number);
    return nullptr;
  }

  void see(const TapeBegin& t) { ++to_.tapes, to_.in_full += t.full; }
  void see(const Leaf&) {}
  void see(const Op& op) {
    ++to_.operations;
    for (const int k : op.inputs) {
      const Nodes::Node* in = nodes_.find(op.tape, k);
      if (k >= op.node || (in && in->line >= line_))
        off("{}: its input t{} comes after it", name(op.tape, op.node), k);
      else
        known(op.tape, k);
    }
  }
  void see(const Walk& w) {
    ++to_.walks;
    Walking walking{.walk = &w, .slots = {}, .of = {}};
    walking.counted = promise(w, walking.of);
    walks_.insert_or_assign(w.walk, std::move(walking));
  }

  // From where a walk begins down: each operation that it visits gives one contribution to each input that leads on.
  bool promise(const Walk& w, std::map<int, int>& of) const {
    std::set<int> leads;
    if (w.targets) {
      leads.insert(w.targets->begin(), w.targets->end());
      for (int i = 0; i <= w.from; ++i) {
        const Nodes::Node* n = nodes_.find(w.tape, i);
        if (!n) return false;
        if (n->op && std::any_of(n->op->inputs.begin(), n->op->inputs.end(), [&](int k) { return leads.count(k); }))
          leads.insert(i), through_.insert({w.walk, i});
      }
    }
    for (int i = w.from; i >= 0; --i) {
      const Nodes::Node* n = nodes_.find(w.tape, i);
      if (!n) return false;
      if (!n->op || (i != w.from && !of.count(i)) || (w.targets && !through_.count({w.walk, i}))) continue;
      for (const int k : n->op->inputs) {
        const Nodes::Node* in = nodes_.find(w.tape, k);
        if (k >= 0 && in && !(in->leaf && in->leaf->constant) && (!w.targets || leads.count(k))) ++of[k];
      }
    }
    return true;
  }

  void see(const Contribution& c) {
    ++to_.contributions;
    Walking* w = walking(c.walk);
    if (!known(c.tape, c.to) || !known(c.tape, c.from) || !w) return;
    const Op* from = nodes_.find(c.tape, c.from)->op;
    const std::string what = fmt::format("{} gives {}", name(c.tape, c.from), name(c.tape, c.to));
    const auto slot_count = from ? static_cast<int>(from->inputs.size()) : 0;
    if (c.slot < 0 || c.slot >= slot_count || from->inputs[static_cast<std::size_t>(c.slot)] != c.to)
      off("{}: which is not its input {}", what, c.slot);
    if (!w->slots[c.from].visited) off("{} before it has been visited itself", what);
    Slot& to = w->slots[c.to];
    if (to.visited) off("{} after that has been visited", what);
    if (c.k != ++to.k) off("{}: contribution {} where {} is due", what, c.k, to.k);
    if (w->counted && c.of != w->of[c.to]) off("{}: {} of {}, and the tape has {}", what, c.k, c.of, w->of[c.to]);
    if (!(c.added.shape == nodes_.find(c.tape, c.to)->value().shape))
      off("{}: a gradient of shape {} for a value of {}", what, to_string(c.added.shape),
          to_string(nodes_.find(c.tape, c.to)->value().shape));
    if ((c.k == 1) != !c.before) off("{}: {} has {} before", what, c.k, c.before ? "a sum" : "no sum");
    if (c.before && to.sum && !same(*c.before, *to.sum)) off("{}: what was there before is not the sum so far", what);
    sum(c, what);
    to.sum = &c.after, to.of = c.of;
  }

  void sum(const Contribution& c, const std::string& what) {
    if (!c.added.whole() || !c.after.whole() || (c.before && !c.before->whole())) return;
    if (!(c.added.shape == c.after.shape) || (c.before && !(c.before->shape == c.after.shape)))
      return off("{}: before, added and after differ in shape", what);
    const bool single = c.after.dtype == f32;
    for (std::size_t i = 0; i < c.after.data.size(); ++i) {
      const double before = c.before ? c.before->data[i] : 0, added = c.added.data[i], after = c.after.data[i];
      double sum = c.before ? before + added : added;
      if (single) sum = static_cast<float>(sum);
      const double slack =
          c.fused ? (single ? 1e-5 : 1e-12) * std::max({std::abs(before), std::abs(added), std::abs(after)}) : 0;
      if (same(sum, after) || std::abs(sum - after) <= slack) continue;
      return off("{}: before + added is not after at element {}: {} + {} = {}, not {}", what, i, before, added, sum,
                 after);
    }
  }

  void see(const Visit& v) {
    ++to_.visits;
    Walking* w = walking(v.walk);
    if (!known(v.tape, v.node) || !w) return;
    Slot& slot = w->slots[v.node];
    const std::string what = name(v.tape, v.node);
    if (slot.visited) off("{} is visited twice in one walk", what);
    slot.visited = true;
    const Shape& shape = nodes_.find(v.tape, v.node)->value().shape;
    if (!(v.grad.shape == shape))
      off("{}: its gradient has shape {}, its value {}", what, to_string(v.grad.shape), to_string(shape));
    if (v.node == w->walk->from && slot.k == 0) return;
    if (v.arrived != slot.k) off("{}: visited after {} contributions, not {}", what, slot.k, v.arrived);
    if (slot.k == 0) off("{}: visited though nothing has been given to it", what);
    if (slot.k < slot.of)
      to_.remarks.push_back(fmt::format("line {}: {} got {} of {} contributions", line_, what, slot.k, slot.of));
    if (slot.sum && !same(*slot.sum, v.grad)) off("{}: its gradient is not the sum of its contributions", what);
  }
  void see(const WalkEnd& e) {
    Walking* w = walking(e.walk);
    if (!w) return;
    w->ended = true;
    if (!e.complete) to_.remarks.push_back(fmt::format("line {}: walk {} was broken off by an error", line_, e.walk));
  }
  void see(const Check& c) {
    if (c.verdict == "skipped") {
      ++to_.skipped;
      return;
    }
    if (c.verdict == "ok" || c.verdict == "kink") {
      ++(c.verdict == "ok" ? to_.ok : to_.kinks);
      return;
    }
    ++to_.bad;
    const std::string what = name(c.tape, c.node);
    if (c.kind == "local")
      off("{}: the rule of '{}' for input {} gives {:.9g}, differences {:.9g}", what, c.op, c.slot, c.analytic,
          c.numeric);
    else if (c.kind == "elements" && c.analytic_each->whole() && c.numeric_each->whole() && c.at >= 0 &&
             c.at < static_cast<std::int64_t>(c.analytic_each->data.size()))
      off("{}: element {} of its gradient is {:.9g}, by differences {:.9g}", what, c.at,
          c.analytic_each->data[static_cast<std::size_t>(c.at)], c.numeric_each->data[static_cast<std::size_t>(c.at)]);
    else
      off("{}: its gradient disagrees with differences, by {:.3g} of its size", what, c.error);
  }
  void see(const Accumulate& a) {
    if (!known(a.tape, a.node)) return;
    if (!(a.grad.shape == nodes_.find(a.tape, a.node)->value().shape))
      off("{}: its .grad() has another shape than it", name(a.tape, a.node));
  }
  void see(const Step& s) {
    ++to_.steps;
    if (!s.before || !s.after || !s.before->whole() || !s.after->whole()) return;
    if (!(s.before->shape == s.after->shape)) return off("'{}' changes its shape in a step", s.parameter);
    double change = 0, size = 0;
    for (std::size_t i = 0; i < s.before->data.size(); ++i) {
      const double x = s.before->data[i], d = s.after->data[i] - x;
      change += d * d, size += x * x;
    }
    const double ratio = change == 0 ? 0 : std::sqrt(change) / std::sqrt(size);
    if (!same(ratio, s.ratio) && !(std::abs(ratio - s.ratio) <= 1e-6 * std::abs(ratio)))
      off("'{}': the update is {:.6g} of the parameter, not {:.6g}", s.parameter, ratio, s.ratio);
  }
  void see(const Warning& w) { to_.remarks.push_back(fmt::format("line {}: {}", line_, w.text)); }
  void see(const Dropped& d) { to_.remarks.push_back(fmt::format("{} older events were dropped (a ring)", d.events)); }
  void see(const End& e) {
    if (!e.ok) to_.remarks.push_back("the program left the trace by an exception");
  }
  void see(const TapeEnd&) {}
  void see(const ZeroGrad&) {}
  void see(const Mutation&) {}
  void see(const Scalar&) {}

  const File& file_;
  const Nodes& nodes_;
  Findings& to_;
  std::size_t line_ = 0;
  std::map<int, Walking> walks_;
  mutable std::set<std::pair<int, int>> through_;  // nodes on the way to a walk's targets
};

}  // namespace

void check_order(const File& file, const Nodes& nodes, Findings& to) { Orderly(file, nodes, to).run(); }

}  // namespace gradus::tool::trace

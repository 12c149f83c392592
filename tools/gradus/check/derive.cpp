// What a trace promises and keeps: order, counts, sums and shapes of its events.
#include "check/derive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace gradus::tool {

using namespace trace;

const Nodes::Node* Nodes::find(int tape, int node) const {
  const auto found = all.find({tape, node});
  return found == all.end() ? nullptr : &found->second;
}

const Numbers& Nodes::Node::value_at(std::size_t line_of_reader) const {
  const auto later =
      std::ranges::lower_bound(again, line_of_reader, {}, &std::pair<std::size_t, const trace::Leaf*>::first);
  return op || later == again.begin() ? value() : std::prev(later)->second->value;
}

std::string Nodes::name(int tape, int node) const {
  const Node* n = find(tape, node);
  const std::string t = fmt::format("t{}", node);
  if (!n) return t;
  const Place& at = n->op ? n->op->loc : n->leaf->loc;
  std::string what = n->op ? n->op->op : n->leaf->name;
  if (what.empty()) what = "leaf";
  return fmt::format("{} ({}, {}:{})", t, what, at.file.substr(at.file.rfind('/') + 1), at.line);
}

Nodes nodes_of(const File& file) {
  Nodes nodes;
  for (const Event& e : file.events) {
    if (const auto* leaf = std::get_if<Leaf>(&e.body)) {
      Nodes::Node& n = nodes.all[{leaf->tape, leaf->node}];
      if (n.line) {
        n.again.emplace_back(e.line, leaf);
      } else {
        n.line = e.line;
        n.leaf = leaf;
      }
    }
    if (const auto* op = std::get_if<Op>(&e.body)) {
      Nodes::Node& n = nodes.all[{op->tape, op->node}];
      n = {};
      n.line = e.line;
      n.op = op;
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

bool has_element(const std::optional<Numbers>& n, std::int64_t at) {
  return n && at >= 0 && at < static_cast<std::int64_t>(n->data.size());
}

class Orderly {
 public:
  Orderly(const File& file, const Nodes& nodes, Checked& to) : file_(file), nodes_(nodes), to_(to) {}

  void run() {
    for (const Event& e : file_.events) {
      line_ = e.line;
      std::visit([&](const auto& body) { see(body); }, e.body);
    }
    for (const auto& [number, w] : walks_)
      if (!w.ended && !cut(w)) to_.remarks.push_back(fmt::format("walk {} does not come to its end", number));
    if (uncounted_)
      to_.remarks.push_back(
          fmt::format("the contributions of {} walks have not been counted: there are too many walks", uncounted_));
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
    bool from_start = false;  // its first visit is in the file
    std::map<int, Slot> slots;
    std::vector<int> of;  // how many contributions the tape promises, by node
    int promised(int node) const {
      return node >= 0 && node < static_cast<int>(of.size()) ? of[static_cast<std::size_t>(node)] : 0;
    }
  };

  template <class... T>
  void off(fmt::format_string<T...> text, T&&... args) {
    to_.troubles.push_back({line_, fmt::format(text, std::forward<T>(args)...)});
  }
  // In a ring the events before may have been dropped.
  bool known(int tape, int node) {
    if (nodes_.find(tape, node)) return true;
    if (file_.header.ring == 0) off("node t{} of tape {} is not recorded", node, tape);
    return false;
  }
  std::string name(int tape, int node) const { return nodes_.name(tape, node); }
  Walking* walking(int number) {
    const auto found = walks_.find(number);
    if (found != walks_.end()) return &found->second;
    if (file_.header.ring == 0) off("walk {} has not begun", number);
    return nullptr;
  }

  // Has a ring dropped the first events of this walk? It drops the oldest ones, so the first visit is missing then.
  bool cut(const Walking& w) const { return dropped_ && !w.from_start; }

  void see(const TapeBegin& t) {
    ++to_.tapes;
    to_.in_full += t.full;
  }
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

  // The nodes 0, 1, … of a tape, as far as they are all in the file.
  const std::vector<const Nodes::Node*>& nodes_on(int tape) {
    std::vector<const Nodes::Node*>& all = by_tape_[tape];
    auto next = nodes_.all.find({tape, static_cast<int>(all.size())});
    for (; next != nodes_.all.end() && next->first == std::pair(tape, static_cast<int>(all.size())); ++next)
      all.push_back(&next->second);
    return all;
  }

  // Down from where a walk begins: each operation that it visits gives one contribution to each input that leads to a
  // target. Returns false where that cannot be known.
  bool promise(const Walk& w, std::vector<int>& of) {
    const std::vector<const Nodes::Node*>& all = nodes_on(w.tape);
    if (w.from < 0 || w.from >= static_cast<int>(all.size())) return false;
    const auto count = static_cast<std::size_t>(w.from) + 1;
    work_ += count;
    if (work_ > most_work) {
      ++uncounted_;
      return false;
    }
    const auto is_on = [count](int k) { return k >= 0 && static_cast<std::size_t>(k) < count; };
    std::vector<char> leads(count, !w.targets), through(count, !w.targets);
    for (const int k : w.targets.value_or(std::vector<int>{}))
      if (is_on(k)) leads[static_cast<std::size_t>(k)] = true;
    const auto inputs = [&](std::size_t i) -> const std::vector<int>& {
      static const std::vector<int> none;
      return all[i]->op ? all[i]->op->inputs : none;
    };
    if (w.targets)
      for (std::size_t i = 0; i < count; ++i)
        for (const int k : inputs(i))
          if (is_on(k) && leads[static_cast<std::size_t>(k)]) leads[i] = through[i] = true;
    of.resize(count);
    for (std::size_t i = count; i-- > 0;) {
      if ((i + 1 != count && of[i] == 0) || !through[i]) continue;
      for (const int k : inputs(i)) {
        if (!is_on(k) || !leads[static_cast<std::size_t>(k)]) continue;
        const Leaf* leaf = all[static_cast<std::size_t>(k)]->leaf;
        if (!leaf || !leaf->constant) ++of[static_cast<std::size_t>(k)];
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
      off("{}: that is not input {} of the operation", what, c.slot);
    if (!w->slots[c.from].visited && !cut(*w)) off("{} before {} has been visited", what, name(c.tape, c.from));
    Slot& to = w->slots[c.to];
    if (to.visited) off("{} after {} has been visited", what, name(c.tape, c.to));
    if (to.k == 0 && cut(*w) && c.k > 0) to.k = c.k - 1;  // those before were dropped
    if (c.k != ++to.k) off("{}: it is contribution {}, but {} is expected", what, c.k, to.k);
    if (w->counted && c.of != w->promised(c.to))
      off("{}: contribution {} of {}, but the tape has {}", what, c.k, c.of, w->promised(c.to));
    if (!(c.added.shape == nodes_.find(c.tape, c.to)->value().shape))
      off("{}: a gradient of shape {} for a value of {}", what, to_string(c.added.shape),
          to_string(nodes_.find(c.tape, c.to)->value().shape));
    if ((c.k == 1) != !c.before)
      off("{}: contribution {} comes with {}", what, c.k, c.before ? "a sum before it" : "no sum before it");
    if (c.before && to.sum && !same(*c.before, *to.sum)) off("{}: 'before' is not the sum so far", what);
    sum(c, what);
    to.sum = &c.after;
    to.of = c.of;
  }

  void sum(const Contribution& c, const std::string& what) {
    if (!c.added.has_data() || !c.after.has_data() || (c.before && !c.before->has_data())) return;
    if (!(c.added.shape == c.after.shape) || (c.before && !(c.before->shape == c.after.shape)))
      return off("{}: 'before', 'added' and 'after' differ in shape", what);
    const bool single = c.after.dtype == f32;
    for (std::size_t i = 0; i < c.after.data.size(); ++i) {
      const double before = c.before ? c.before->data[i] : 0, added = c.added.data[i], after = c.after.data[i];
      double sum = c.before ? before + added : added;
      if (single) sum = static_cast<float>(sum);
      const double relative = single ? 1e-5 : 1e-12;
      const double slack = c.fused ? relative * std::max({std::abs(before), std::abs(added), std::abs(after)}) : 0;
      if (same(sum, after) || std::abs(sum - after) <= slack) continue;
      return off("{}: 'before' + 'added' is not 'after' at element {}: {} + {} = {}, not {}", what, i, before, added,
                 sum, after);
    }
  }

  void see(const Visit& v) {
    ++to_.visits;
    Walking* w = walking(v.walk);
    if (!known(v.tape, v.node) || !w) return;
    if (v.node == w->walk->from) w->from_start = true;
    Slot& slot = w->slots[v.node];
    const std::string what = name(v.tape, v.node);
    if (slot.visited) off("{} is visited twice in one walk", what);
    slot.visited = true;
    const Shape& shape = nodes_.find(v.tape, v.node)->value().shape;
    if (!(v.grad.shape == shape))
      off("{}: its gradient has shape {}, its value {}", what, to_string(v.grad.shape), to_string(shape));
    if (v.node == w->walk->from && slot.k == 0) return;
    if (slot.k == 0 && cut(*w)) return;  // its contributions were dropped
    if (v.arrived != slot.k) off("{}: visited after {} contributions, but it says {}", what, slot.k, v.arrived);
    if (slot.k == 0) off("{}: visited without a contribution", what);
    if (slot.k < slot.of)
      to_.remarks.push_back(fmt::format("line {}: {} got {} of {} contributions", line_, what, slot.k, slot.of));
    if (slot.sum && !same(*slot.sum, v.grad)) off("{}: its gradient is not the sum of its contributions", what);
  }
  void see(const WalkEnd& e) {
    Walking* w = walking(e.walk);
    if (!w) return;
    w->ended = true;
    w->of = {};
    w->counted = false;
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
      off("{}: the rule of '{}' gives {:.9g} for input {}, but finite differences give {:.9g}", what, c.op, c.analytic,
          c.slot, c.numeric);
    else if (c.kind == "elements" && has_element(c.analytic_each, c.at) && has_element(c.numeric_each, c.at))
      off("{}: element {} of its gradient is {:.9g}, but finite differences give {:.9g}", what, c.at,
          c.analytic_each->data[static_cast<std::size_t>(c.at)], c.numeric_each->data[static_cast<std::size_t>(c.at)]);
    else
      off("{}: along a random direction its gradient gives {:.9g}, but finite differences give {:.9g}", what,
          c.analytic, c.numeric);
  }
  void see(const Accumulate& a) {
    if (!known(a.tape, a.node)) return;
    if (!(a.grad.shape == nodes_.find(a.tape, a.node)->value().shape))
      off("{}: its .grad() has another shape than its value", name(a.tape, a.node));
  }
  void see(const Step& s) {
    ++to_.steps;
    if (!s.before || !s.after || !s.before->has_data() || !s.after->has_data()) return;
    if (!(s.before->shape == s.after->shape)) return off("'{}' has another shape after the step", s.parameter);
    double change = 0, size = 0;
    for (std::size_t i = 0; i < s.before->data.size(); ++i) {
      const double x = s.before->data[i], d = s.after->data[i] - x;
      change += d * d;
      size += x * x;
    }
    const double ratio = change == 0 ? 0 : std::sqrt(change) / std::sqrt(size);
    if (!same(ratio, s.ratio) && !(std::abs(ratio - s.ratio) <= 1e-6 * std::abs(ratio)))
      off("'{}': the update is {:.6g} of the parameter, not {:.6g}", s.parameter, ratio, s.ratio);
  }
  void see(const Warning& w) { to_.remarks.push_back(fmt::format("line {}: {}", line_, w.text)); }
  void see(const Failure& f) {
    to_.remarks.push_back(
        fmt::format("line {}: {} failed: {}{}{}", line_, f.op, f.wrong, f.got.empty() ? "" : ": ", f.got));
  }
  void see(const Dropped& d) {
    dropped_ = dropped_ || file_.header.ring > 0;
    to_.remarks.push_back(fmt::format("{} older events were dropped (the trace is a ring)", d.events));
  }
  void see(const End& e) {
    if (!e.ok) to_.remarks.push_back("the program left the trace by an exception");
  }
  void see(const TapeEnd&) {}
  void see(const ZeroGrad&) {}
  void see(const Mutation&) {}
  void see(const Scalar&) {}

  const File& file_;
  const Nodes& nodes_;
  Checked& to_;
  std::size_t line_ = 0;
  std::map<int, Walking> walks_;
  std::map<int, std::vector<const Nodes::Node*>> by_tape_;
  bool dropped_ = false;
  static constexpr std::size_t most_work = 1'000'000'000;  // nodes looked at for walks
  std::size_t work_ = 0;
  int uncounted_ = 0;
};

}  // namespace

void check_order(const File& file, const Nodes& nodes, Checked& to) { Orderly(file, nodes, to).run(); }

}  // namespace gradus::tool

// guard_nonfinite(): looks at every recorded value and gradient, but for those that cannot be the first.
#include <gradus/study/guard.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gradus/observe.hpp>

#include "kernels/kernels.hpp"
#include "study/intended.hpp"
#include "tape/state.hpp"
#include "tensor/number.hpp"

namespace gradus::study {

namespace {

bool nonfinite(const Tensor& x) {
  const detail::TensorImpl& t = *x.impl();
  if (!is_floating(t.dtype)) return false;
  if (!t.contiguous) return nonfinite(detail::dense(x));
  return t.dtype == f32 ? kernels::table<float>().nonfinite(t.numel, t.as<float>())
                        : kernels::table<double>().nonfinite(t.numel, t.as<double>());
}

// From finite numbers these make finite ones, forward and backward: there is nothing to look at.
bool tame(const detail::OpTable* op) {
  static const std::vector<const detail::OpTable*> all = [] {
    std::vector<const detail::OpTable*> found;
    for (const detail::OpTable* t : operations())
      for (const std::string_view name : {"relu", "neg", "abs", "tanh", "sigmoid", "sin", "cos", "maximum", "minimum"})
        if (t->name == name) found.push_back(t);
    return found;
  }();
  for (const detail::OpTable* t : all)
    if (t == op) return true;
  return false;
}

// A view of what is finite is finite.
bool shares(const Tensor& a, const Tensor& b) { return a.impl()->storage == b.impl()->storage; }

std::string text(double v) { return detail::number_text(v, 6); }

Shape index_of(std::size_t at, const Shape& shape) {
  Shape index = shape;
  for (int axis = index.size() - 1; axis >= 0; --axis) {
    const auto size = static_cast<std::size_t>(shape[axis]);
    index[axis] = static_cast<std::int64_t>(at % size);
    at /= size;
  }
  return index;
}

// Where the first NaN or infinity is; numel() if there is none.
std::size_t first_nonfinite(const Tensor& x) {
  const std::vector<double> v = x.to_vector();
  std::size_t at = 0;
  while (at < v.size() && std::isfinite(v[at])) ++at;
  return at;
}

// "inf at (2, 1)"
std::string found(const Tensor& x, std::size_t at) {
  return text(x.to_vector()[at]) + (x.dim() ? " at " + to_string(index_of(at, x.shape())) : "");
}

// "input 0 (relu, net.cpp:12), shape (3,): from -1 to 2, 0 at (1,)", with the element that has the index `at` in
// `shape`.
std::string described(const std::string& what, const Tensor& x, std::size_t at, const Shape& shape) {
  std::string s = what + ", shape " + to_string(x.shape()) + ": ";
  const std::size_t bad = first_nonfinite(x);
  if (bad < static_cast<std::size_t>(x.numel())) return s + "already holds " + found(x, bad);
  const std::vector<double> v = x.to_vector();
  if (v.empty()) return s + "empty";
  const auto [low, high] = std::minmax_element(v.begin(), v.end());
  s += v.size() == 1 ? text(v[0]) : "from " + text(*low) + " to " + text(*high);
  if (v.size() > 1 && x.shape() == shape) s += ", " + text(v[at]) + " there";
  return s;
}

std::string named(NodeView node) {
  const bool computed = !node.is_leaf() && !node.is_constant();
  std::string name = computed ? node.name() : node.leaf().name();
  if (name.empty()) name = node.is_leaf() ? "a leaf" : "a constant";
  return name + (computed ? ", " + to_string(node.where()) : "");
}

}  // namespace

struct NonfiniteGuard::State : Observer {
  bool wants_contributions() const override { return false; }

  void on_record(const RecordEvent& e) override {
    if (e.in.empty()) return;  // a leaf: what is computed from it will tell
    count(e);
    for (const Tensor* x : e.in)
      if (shares(*x, e.value)) return intended_.view(e);
    if (nodes_.back().tame && all_looked_at(e) && !intended_.reads(e)) return;
    if (nonfinite(e.value) && intended_.computed(e)) refuse_value(e);
  }

  void on_walk_begin(const WalkEvent&) override { begun_ = true; }

  // The walk's own start: what was handed to it.
  void on_visit(const VisitEvent& e) override {
    const bool first = std::exchange(begun_, false);
    if (!first && !crowded(e.tape, e.node)) return;
    if (!nonfinite(e.grad)) return;
    const NodeView node = e.tape[e.node];
    throw Error("guard_nonfinite",
                {.wrong = "the gradient of '" + std::string(node.name()) +
                          "' is not finite: " + found(e.grad, first_nonfinite(e.grad)),
                 .got = first ? "it is the cotangent that the walk starts with"
                              : "it comes from one of the many operations that read this value"},
                node.where());
  }

  void on_visited(const VisitEvent& e) override {
    const detail::Node& n = e.tape.state()[e.node];
    if (e.tape.id() == tape_ && nodes_[static_cast<std::size_t>(e.node)].tame) return;
    for (int slot = 0; slot < n.inputs; ++slot) {
      const int to = n.in()[slot];
      if (to < 0 || crowded(e.tape, to)) continue;
      const Tensor g = e.pass.grad(to);
      if (g.defined() && !shares(g, e.grad) && nonfinite(g)) refuse_gradient(e, slot, g);
    }
  }

 private:
  static constexpr int most_readers = 8;

  // How many operations read each node: looking at a sum of very many contributions after each would take long.
  void count(const RecordEvent& e) {
    if (e.tape.id() != tape_) {
      tape_ = e.tape.id();
      nodes_.clear();
      intended_.clear();
    }
    nodes_.resize(static_cast<std::size_t>(e.node) + 1);
    const detail::Node& n = e.tape.state()[e.node];
    nodes_.back().tame = tame(n.op);
    for (int k = 0; n.op && k < n.inputs; ++k)
      if (n.in()[k] >= 0) ++nodes_[static_cast<std::size_t>(n.in()[k])].readers;
  }
  // Computed on the tape, all of its inputs: neither leaves nor constants.
  static bool all_looked_at(const RecordEvent& e) {
    const detail::Node& n = e.tape.state()[e.node];
    for (int k = 0; k < n.inputs; ++k)
      if (n.in()[k] < 0 || !e.tape.state()[n.in()[k]].op) return false;
    return true;
  }
  bool crowded(const Tape& tape, int node) const {
    const auto at = static_cast<std::size_t>(node);
    return tape.id() == tape_ && at < nodes_.size() && nodes_[at].readers > most_readers;
  }

  [[noreturn]] static void refuse_value(const RecordEvent& e) {
    const NodeView node = e.tape[e.node];
    const std::size_t at = first_nonfinite(e.value);
    std::string inputs;
    const std::vector<int> numbers = node.inputs();
    for (std::size_t k = 0; k < e.in.size(); ++k)
      inputs +=
          (k ? "\n            " : "") + described("input " + std::to_string(k) + " (" +
                                                      (numbers[k] < 0 ? "a constant" : named(e.tape[numbers[k]])) + ")",
                                                  *e.in[k], at, e.value.shape());
    const std::string scope = node.scope();
    throw Error("guard_nonfinite",
                {.wrong = (e.in.empty() ? named(node) : "the value of '" + std::string(node.name()) + "'") +
                          (scope.empty() ? "" : " in " + scope) + " is not finite: " + found(e.value, at),
                 .got = inputs},
                node.where());
  }

  [[noreturn]] static void refuse_gradient(const VisitEvent& e, int slot, const Tensor& g) {
    const NodeView node = e.tape[e.node];
    const detail::Node& n = e.tape.state()[e.node];
    const std::size_t at = first_nonfinite(g);
    std::string got = described("the incoming gradient", e.grad, at, g.shape());
    int saved = 0;
    for (std::uint32_t mask = n.mask; mask; mask &= mask - 1, ++saved) {
      const std::uint32_t bit = mask & -mask;
      const Tensor& x = n.saved()[saved].tensor;
      if (!x.defined() || bit > out0) continue;
      const int k = detail::bits(bit - 1);
      got += "\n            " + described(bit == out0 ? "its output" : "input " + std::to_string(k), x, at, g.shape());
    }
    const std::string scope = node.scope();
    throw Error("guard_nonfinite",
                {.wrong = "the rule of '" + std::string(node.name()) + "'" + (scope.empty() ? "" : " in " + scope) +
                          " gives a gradient to input " + std::to_string(slot) + " (" + named(e.tape[n.in()[slot]]) +
                          ") that is not finite: " + found(g, at),
                 .got = got,
                 .expected = node.rule()},
                node.where());
  }

  bool begun_ = false;
  std::uint64_t tape_ = 0;
  struct Seen {
    int readers = 0;
    bool tame = false;
  };
  std::vector<Seen> nodes_;
  Intended intended_;
  Observing observing_{*this};
};

NonfiniteGuard::NonfiniteGuard() : state_(std::make_unique<State>()) {}
NonfiniteGuard::~NonfiniteGuard() = default;

}  // namespace gradus::study

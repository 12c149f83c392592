// Walking back: the order you ran it, backwards. No sort, no recursion.
#include <algorithm>
#include <limits>

#include <gradus/ops.hpp>

#include "tape/profile.hpp"
#include "tape/state.hpp"
#include "tensor/loops.hpp"

namespace gradus {

using namespace detail;

namespace {

inline void add(Tensor& slot, Tensor&& gradient, bool record) {
  if (!slot.defined())
    slot = std::move(gradient);
  else if (!record && slot.impl()->contiguous && slot.impl()->sole_owner())
    add_strided(*gradient.impl(), 1, *slot.impl());
  else
    slot = slot + gradient;
}

// What is for observers only stands by itself, so that the walk without them keeps its registers.
[[gnu::cold, gnu::noinline]] void tell_contribution(const ContributionEvent& e) {
  Observers::tell([&](Observer& o) { o.on_contribution(e); });
}

[[gnu::cold, gnu::noinline]] void add_watched(Tensor& slot, bool record, const ContributionEvent& e) {
  const Tensor before = slot;
  add(slot, Tensor(e.added), record);
  tell_contribution({e.tape, e.from, e.slot, e.to, e.added, before, slot, e.fused});
}

[[gnu::cold, gnu::noinline]] void tell_walk(const WalkEvent& e, bool begins) {
  Observers::tell([&](Observer& o) { begins ? o.on_walk_begin(e) : o.on_walk_end(e); });
}

[[gnu::cold, gnu::noinline]] void tell_visit(const VisitEvent& e) {
  Observers::tell([&](Observer& o) { o.on_visit(e); });
}

[[gnu::cold, gnu::noinline]] void tell_visited(const VisitEvent& e) {
  Observers::tell([&](Observer& o) { o.on_visited(e); });
}

}  // namespace

// ---- the pass ----

// Asked once for each visit, and kept in pending_: rules give often.
constexpr int nobody_watches = -1, nothing_pending = -2;

[[gnu::always_inline]] inline Vjp::Vjp(BackwardPass& pass, int node, const Tensor& incoming)
    : g(incoming), pass_(pass), node_(pass.state_[node]), index_(node) {
  if (observed()) pending_ = nothing_pending;
}

BackwardPass::BackwardPass(Tape& tape, const Arg& loss, const BackwardOptions& options)
    : tape_(tape), state_(tape.state()), what_("backward"), where_(user_line(loss.where)), release_(!options.keep) {
  begin(loss, {});
  if (!options.into.empty()) mark(options.into);
  if (release_) state_.releases.push_back(where_);
  announce();
}

BackwardPass::BackwardPass(Tape& tape, const Arg& y, const std::vector<Tensor>& inputs, const GradientOptions& options)
    : tape_(tape), state_(tape.state()), what_("gradient"), where_(user_line(y.where)), record_(options.record) {
  begin(y, options.cotangent);
  mark(inputs);
  announce();
}

BackwardPass::~BackwardPass() {
  slots_.clear();
  std::swap(slots_, state_.spare_slots);  // its capacity serves the next walk
}

void BackwardPass::begin(const Arg& y, Tensor cotangent) {
  const auto refuse = [&](Complaint c) { throw Error(what_, std::move(c), where_); };
  if (thread_state().tape != &tape_)
    refuse({.wrong = "the tape lives on another thread", .advice = "walk a tape on the thread that recorded it"});
  check_defined(y, what_, where_);
  const Tensor& loss = y;
  start_ = node_of(loss, what_, where_);
  if (start_ < 0 && loss.requires_grad()) start_ = state_.leaf(loss, false, where_);
  if (start_ < 0 || state_[start_].constant)
    refuse({.wrong = "nothing was recorded for this tensor: it depends on no leaf, or was computed before the tape or "
                     "under NoRecord",
            .got = "shape " + to_string(loss.shape()),
            .advice =
                "call requires_grad_() on what should be differentiated, and compute the loss while the tape is live"});
  if (!cotangent.defined()) {
    if (loss.numel() != 1)
      refuse({.wrong = "the tensor is not one number",
              .got = "shape " + to_string(loss.shape()),
              .expected = "one element",
              .advice = "reduce it: sum(…) or mean(…); or gradient(y, {x}, {.cotangent = …})"});
    cotangent = ones(loss.shape(), loss.dtype());
  } else if (cotangent.shape() != loss.shape() || cotangent.dtype() != loss.dtype()) {
    refuse({.wrong = "the cotangent does not fit",
            .got = to_string(cotangent.shape()) + " " + name(cotangent.dtype()),
            .expected = to_string(loss.shape()) + " " + name(loss.dtype())});
  }
  std::swap(slots_, state_.spare_slots);
  slots_.resize(static_cast<std::size_t>(start_) + 1);
  slots_.back() = std::move(cotangent);
  next_ = start_;
}

void BackwardPass::announce() {
  if (observed()) tell_walk({tape_, start_, what_, where_, record_, needed_}, true);
}

// Which nodes lie between the targets and the start: only they are visited.
void BackwardPass::mark(const std::vector<Tensor>& targets) {
  needed_.assign(static_cast<std::size_t>(start_) + 1, 0);
  int first = start_ + 1;
  for (const Tensor& x : targets) {
    check_defined(x, what_, where_);
    const int n = node_of(x, what_, where_);
    if (n < 0 && !x.requires_grad())
      throw Error(what_,
                  {.wrong = "one of the tensors to differentiate for was never on the tape",
                   .got = "a constant of shape " + to_string(x.shape()),
                   .advice = "call x.requires_grad_() or tape.watch(x) before it is used"},
                  where_);
    if (n < 0 || n > start_) continue;
    needed_[static_cast<std::size_t>(n)] = 2;
    first = std::min(first, n);
  }
  for (int i = first; i <= start_; ++i) {
    const Node& n = state_[i];
    for (int k = 0; n.op && k < n.inputs; ++k)
      if (n.in[k] >= 0 && needed_[static_cast<std::size_t>(n.in[k])]) needed_[static_cast<std::size_t>(i)] |= 1;
  }
}

bool BackwardPass::step() {
  while (next_ >= 0 && !slots_[static_cast<std::size_t>(next_)].defined()) --next_;
  if (next_ >= 0) {
    visit(next_--);
    return true;
  }
  if (!done_) {
    if (what_[0] == 'b') commit();
    done_ = true;
    if (observed()) tell_walk({tape_, start_, what_, where_, record_, needed_}, false);
  }
  return false;
}

void BackwardPass::visit(int i) {
  Node& n = state_[i];
  const std::uint8_t needed = needed_.empty() ? 1 : needed_[static_cast<std::size_t>(i)];
  Tensor& slot = slots_[static_cast<std::size_t>(i)];
  const bool keep = !n.op || needed >= 2;  // leaves and targets hold on to what they got
  g_ = keep ? slot : std::move(slot);
  at_ = i;
  if (observed()) tell_visit({tape_, i, g_, *this});
  if (!n.op || !(needed & 1)) return;
  if (n.released)
    throw Error(what_,
                {.wrong = "the walk meets '" + std::string(n.op->name) + "' (" + to_string(n.where) +
                          "), whose saved tensors are gone",
                 .got = "released by the backward() at " + to_string(state_.releases[n.released - 1u]),
                 .advice = "give that call {.keep = true} to walk this tape again"},
                where_);
  // Inlined twice, so that a profile costs one branch while it is off.
  const auto run = [&]() __attribute__((always_inline)) {
    const Inside inside(record_, n.where);
    Vjp v(*this, i, g_);
    if (n.op->fast && !record_)
      n.op->fast(n.attributes, v);
    else
      n.op->vjp(n.attributes, v);
    v.flush();
  };
  if (!profiled()) [[likely]] {
    run();
  } else {
    Timing timing(n.op->name, ProfileRow::backward);
    run();
    timing.stop();
    count_rule(timing, state_, i, g_, slots_, needed_);
  }
  if (observed()) tell_visited({tape_, i, g_, *this});
  if (release_) {
    n.release();
    n.released = static_cast<std::uint16_t>(std::min<std::size_t>(state_.releases.size(), 65535));
  }
}

void BackwardPass::add_to(int from, int input, int to, Tensor gradient, bool fused) {
  Tensor& slot = slots_[static_cast<std::size_t>(to)];
  if (observed() && observed()->contributions)
    add_watched(slot, record_, {tape_, from, input, to, gradient, slot, slot, fused});
  else
    add(slot, std::move(gradient), record_);
}

// The leaves get their gradients together, after all that can fail has been done.
void BackwardPass::commit() {
  const auto reached = [&](int i) {
    return i <= start_ && !state_[i].constant && slots_[static_cast<std::size_t>(i)].defined() &&
           (needed_.empty() || needed_[static_cast<std::size_t>(i)]);
  };
  g_ = Tensor();
  for (const int i : state_.leaves) {
    if (!reached(i)) continue;
    Tensor& g = slots_[static_cast<std::size_t>(i)];
    TensorImpl& leaf = *state_[i].saved[0].tensor.impl();
    if (leaf.dtype != g.dtype() || leaf.shape != g.shape())
      throw Error(what_, {.wrong = "a leaf changed its dtype or shape while it was on the tape"}, where_);
    const bool adds = leaf.grad.defined() && leaf.grad.impl()->contiguous && leaf.grad.impl()->sole_owner();
    if (adds) continue;  // in place, below
    if (leaf.grad.defined()) g = leaf.grad + g;
    if (!g.impl()->contiguous || !g.impl()->sole_owner()) g = clone(g);
  }
  for (const int i : state_.leaves) {
    if (!reached(i)) continue;
    Tensor& g = slots_[static_cast<std::size_t>(i)];
    const Tensor& leaf = state_[i].saved[0].tensor;
    Tensor& grad = leaf.impl()->grad;
    if (grad.defined() && grad.impl()->contiguous && grad.impl()->sole_owner())
      add_strided(*g.impl(), 1, *grad.impl());
    else
      grad = std::move(g);
    if (observed()) Observers::tell([&](Observer& o) { o.on_accumulate({tape_, i, leaf}); });
  }
}

Tensor BackwardPass::grad(int node) const {
  return node >= 0 && node < static_cast<int>(slots_.size()) ? slots_[static_cast<std::size_t>(node)] : Tensor();
}

void Tape::backward(const Arg& loss, const BackwardOptions& options) {
  BackwardPass pass(*this, loss, options);
  while (pass.step()) {}
}

std::vector<Tensor> Tape::gradient(const Arg& y, const std::vector<Tensor>& inputs, const GradientOptions& options) {
  BackwardPass pass(*this, y, inputs, options);
  while (pass.step()) {}
  pass.g_ = Tensor();
  const NoRecord pause;
  std::vector<Tensor> result;
  result.reserve(inputs.size());
  for (const Tensor& x : inputs) {
    Tensor g = pass.grad(index_of(x));
    if (!g.defined()) g = zeros_like(x);
    result.push_back(std::move(g));
  }
  pass.slots_.clear();
  if (!options.record)  // a view, or a tensor that two of them share, would surprise who changes one in place
    for (Tensor& g : result)
      if (!g.impl()->contiguous || !g.impl()->sole_owner()) g = clone(g);
  return result;
}

// ---- what a rule sees ----

int Vjp::target(int input) const {
  const int to = input < node_.inputs ? node_.in[input] : -1;
  if (to < 0 || pass_.state_[to].constant) return -1;
  return pass_.needed_.empty() || pass_.needed_[static_cast<std::size_t>(to)] ? to : -1;
}

bool Vjp::wants(int input) const { return target(input) >= 0; }
int Vjp::inputs() const { return node_.inputs; }

namespace {
std::string at_node(const Node& n) { return std::string(n.op->name) + " (" + to_string(n.where) + ")"; }
std::string saved_name(const char* what, int k) { return k < 0 ? what : what + std::to_string(k); }
}  // namespace

const Tensor& Vjp::saved(std::uint32_t bit, const char* what, int k) const {
  if (node_.mask & bit) {
    const Saved& s = node_.saved[bits(node_.mask & (bit - 1))];
    if (!s.tensor.defined() || s.tensor.impl()->storage->version == s.version) return s.tensor;
    refuse_changed(s, what, k);
  }
  throw Error(
      pass_.what_,
      {.wrong = "the rule of '" + at_node(node_) + "' reads " + saved_name(what, k) + ", which it does not save",
       .advice = "declare it in the operation's `saves`"},
      pass_.where_);
}

void Vjp::refuse_changed(const detail::Saved& s, const char* what, int k) const {
  const Storage& changed = *s.tensor.impl()->storage;
  throw Error(pass_.what_,
              {.wrong = "'" + at_node(node_) + "' saved " + saved_name(what, k) + ", shape " +
                        to_string(s.tensor.shape()) + ", and it has been changed since",
               .got = std::string(changed.changed_by) + " at " + to_string(changed.changed_at) + " (version " +
                      std::to_string(changed.version) + ", saved " + std::to_string(s.version) + ")",
               .advice = "walk back before changing it, or change a clone()"},
              pass_.where_);
}

const Tensor& Vjp::in(int input) const { return saved(1u << input, "in", input); }
const Tensor& Vjp::out() const { return saved(out0, "its output", -1); }
const Tensor& Vjp::extra(int k) const { return saved(extra0 << k, "extra", k); }

const Shape& Vjp::shape(int input) const { return pass_.state_[node_.in[input]].shape; }
DType Vjp::dtype(int input) const { return pass_.state_[node_.in[input]].dtype; }

void Vjp::refuse(int input, const Node& x, const Tensor& gradient) const {
  throw Error(
      pass_.what_,
      {.wrong = "the rule of '" + at_node(node_) + "' gave input " + std::to_string(input) +
                " a gradient that does not fit it",
       .got = gradient.defined() ? to_string(gradient.shape()) + " " + name(gradient.dtype()) : "an undefined tensor",
       .expected = to_string(x.shape) + " " + name(x.dtype),
       .advice = "a gradient has the shape and dtype of its input"},
      pass_.where_);
}

void Vjp::give(int input, Tensor gradient) {
  const int to = target(input);
  if (to < 0) return;
  const Node& x = pass_.state_[to];
  const TensorImpl* t = gradient.impl();
  if (!t || t->dtype != x.dtype || t->shape != x.shape) refuse(input, x, gradient);
  if (pending_ == nobody_watches) {
    add(pass_.slots_[static_cast<std::size_t>(to)], std::move(gradient), pass_.record_);
  } else {
    flush();
    pass_.add_to(index_, input, to, std::move(gradient), false);
  }
}

const Tensor& Vjp::accumulator(int input) {
  const int to = target(input);
  const Node& x = pass_.state_[to];
  flush();
  if (observed() && observed()->contributions) {  // somebody wants to see the contribution by itself
    pending_ = input;
    return pending_sum_ = zeros(x.shape, x.dtype);
  }
  Tensor& slot = pass_.slots_[static_cast<std::size_t>(to)];
  if (!slot.defined())
    slot = zeros(x.shape, x.dtype);
  else if (!slot.impl()->contiguous || !slot.impl()->sole_owner())
    slot = clone(slot);
  return slot;
}

void Vjp::give_by(int input, void (*write)(const void*, const Tensor&, bool), const void* context) {
  const int to = target(input);
  if (to < 0) return;
  flush();
  const Node& x = pass_.state_[to];
  Tensor& slot = pass_.slots_[static_cast<std::size_t>(to)];
  const auto afresh = [&] {
    Tensor gradient = empty(x.shape, x.dtype);
    write(context, gradient, false);
    return gradient;
  };
  if (!slot.defined()) return give(input, afresh());
  const bool watched = observed() && observed()->contributions;  // then the same kernel runs, and once more to show
  const Tensor added = watched ? afresh() : Tensor(), before = watched ? clone(slot) : Tensor();
  if (!slot.impl()->contiguous || !slot.impl()->sole_owner()) slot = clone(slot);
  write(context, slot, true);
  if (watched) tell_contribution({pass_.tape_, index_, input, to, added, before, slot, true});
}

void Vjp::flush_pending() {
  const int input = std::exchange(pending_, nothing_pending);
  pass_.add_to(index_, input, target(input), std::move(pending_sum_), true);
}

}  // namespace gradus

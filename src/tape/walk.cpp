// The walk back. No sort, no recursion: the tape is already in order.
//
//   slot[loss] = 1                                     // dloss/dloss
//   while a gradient waits in a slot:
//     node = the last of those in the order of the run // its gradient is complete: all its users have been visited
//     for each input, gradient of rule(node, slot[node]):
//       slot[input] += gradient                        // the chain rule
#include <algorithm>
#include <utility>

#include "tape/gradients.hpp"
#include "tape/profile.hpp"
#include "tape/spare.hpp"
#include "tape/walk.hpp"

namespace gradus {

using namespace detail;

// ---- the loop ----

[[gnu::always_inline]] inline Vjp::Vjp(BackwardPass& pass, int node, const Tensor& incoming)
    : g(incoming), pass_(pass), node_(pass.state_[node]), index_(node) {
  if (observed()) pending_ = nothing_pending;
}

bool BackwardPass::step() {
  if (thread_state().tape_id != tape_id_) [[unlikely]]
    refuse_other_tape();
  if (stopped_)
    throw Error(what_, {.wrong = "an error has stopped this walk", .advice = "begin a new BackwardPass"}, where_);
  const int next = room_->waiting.pop();
  if (next >= 0) {
    stopped_ = true;
    visit(next);
    stopped_ = false;
    return true;
  }
  if (!done_) {
    if (commits_) commit();
    done_ = true;
    if (observed()) tell_walk(false);
  }
  return false;
}

// In step(), its only caller.
[[gnu::always_inline]] inline void BackwardPass::visit(int i) {
  Node& n = state_[i];
  const Need need = room_->needs(i);
  Tensor& slot = room_->slot(i);
  if (!n.op || has(need, Need::target)) {  // leaves and targets hold on to what they got
    room_->keep(i);
    g_ = slot;
  } else {
    g_ = std::move(slot);
    slot = Tensor();
  }
  node_ = i;
  if (observed()) tell_visit({tape_, i, g_, *this});
  if (!n.op || !has(need, Need::passage)) return;
  if (n.released)
    throw Error(what_,
                {.wrong = "the saved tensors of '" + with_line(n) + "' have been released",
                 .got = "released by the backward() at " + to_string(state_.releases[n.released - 1u]),
                 .advice = "give that call {.keep = true} to walk this tape again"},
                where_);
  // Inlined twice, so that a profile costs one branch while it is off.
  const auto run = [&]() __attribute__((always_inline)) {
    const Inside inside(record_, n.where);
    Vjp v(*this, i, g_);
    if (record_)
      run_recorded(n, i, v);
    else if (n.op->fast)
      n.op->fast(n.self(), v);
    else
      n.op->vjp(n.self(), v);
    v.flush();
  };
  if (!profiled()) [[likely]] {
    run();
  } else {
    Timing timing(n.op->name, ProfileRow::backward);
    run();
    timing.stop();
    count_rule(timing, state_, i, g_, room_->slots, room_->needs());
  }
  if (observed()) tell_visited({tape_, i, g_, *this});
  if (release_) {
    n.release();
    n.released = static_cast<std::uint16_t>(std::min<std::size_t>(state_.releases.size(), 65535));
  }
}

// ---- a walk that is recorded ----

namespace {

// A rule that reads the numbers of a tracked tensor computes a constant from them: the second derivative would be 0.
void refuse_tracked_read(const Tensor& x, const char* call, Loc where) {
  const ThreadState& s = thread_state();
  if (!s.recording || !s.tape) return;
  TapeState& tape = s.tape->state();
  const TensorImpl& t = *x.impl();
  const int leaf = t.tape || t.requires_grad ? -1 : tape.table.find(&t);
  const bool tracked = t.tape ? t.tape == s.tape_id : t.requires_grad || (leaf >= 0 && !tape[leaf].constant);
  if (!tracked) return;
  throw Error("gradient",
              {.wrong = "the rule of '" + with_line(tape[tape.rule]) +
                        "' reads numbers of a tracked tensor, so a "
                        "recorded walk would lose their derivative",
               .got = std::string(call) + " at " + to_string(where) + ", shape " + to_string(t.shape),
               .expected = "operations on tensors",
               .advice = "write vjp() in operations and the faster code in fast(); or declare `static constexpr bool "
                         "first_order = true`; NoRecord around a read that changes no gradient"},
              where);
}

}  // namespace

[[gnu::noinline]] void BackwardPass::run_recorded(const Node& n, int i, Vjp& v) {
  if (n.op->first_order)
    throw Error(what_,
                {.wrong = "'" + with_line(n) + "' has no second derivative, and the walk is recorded",
                 .got = "first_order = true in the operation",
                 .advice = "leave out .record, or write the rule of the operation in operations on tensors"},
                where_);
  const Reads checked(refuse_tracked_read);
  const int outer = std::exchange(state_.rule, i);
  n.op->vjp(n.self(), v);
  state_.rule = outer;
}

// ---- the results ----

// The leaves get their gradients together, after all that can fail has been done.
void BackwardPass::commit() {
  std::vector<int>& reached = room_->kept;
  std::reverse(reached.begin(), reached.end());  // visited from the last to the first; now in the order of the tape
  std::erase_if(reached, [&](int i) {
    if (!state_[i].op && !state_[i].constant && room_->needs(i) != Need::none) return false;
    room_->slot(i) = Tensor();
    return true;
  });
  g_ = Tensor();
  for (const int i : reached) {
    Tensor& g = room_->slot(i);
    const TensorImpl& leaf = *state_[i].saved()[0].tensor.impl();
    if (leaf.dtype != g.dtype() || leaf.shape != g.shape())
      throw Error(
          what_,
          {.wrong = "a leaf has changed its dtype or shape since it was recorded",
           .got = to_string(leaf.shape) + " " + name(leaf.dtype),
           .expected = to_string(g.shape()) + " " + name(g.dtype()) + ", as recorded at " + to_string(state_[i].where),
           .advice = "convert it before the tape is made"},
          where_);
    if (leaf.grad.defined()) {
      if (may_write(leaf.grad)) continue;  // in place, below
      g = leaf.grad + g;
    }
    make_writable(g);
  }
  std::vector<int> changed;  // for observers, who may throw: nothing is left to do by then
  for (const int i : reached) {
    if (observed()) changed.push_back(i);
    Tensor& g = room_->slot(i);
    Tensor& grad = state_[i].saved()[0].tensor.impl()->grad;
    if (grad.defined() && may_write(grad))
      add_strided(*g.impl(), 1, *grad.impl());
    else
      grad = std::move(g);
    grad.impl()->origin = from_gradient;
  }
  done_ = true;
  for (const int i : changed) tell_accumulate({tape_, i, state_[i].saved()[0].tensor});
}

Tensor BackwardPass::grad(int node) const { return node >= 0 && node <= start_ ? room_->slot(node) : Tensor(); }

void Tape::backward(const Arg& loss, const BackwardOptions& options) {
  BackwardPass pass(*this, loss, options);
  const Spare spare(pass.g_);
  while (pass.step()) {}
}

std::vector<Tensor> Tape::gradient(const Arg& y, const std::vector<Tensor>& inputs, const GradientOptions& options) {
  BackwardPass pass(*this, y, inputs, options);
  const Spare spare(pass.g_);
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
  pass.room_->clear();
  if (options.record) return result;
  for (Tensor& g : result) {  // a view, or a tensor that two of them share, would surprise who changes one in place
    make_writable(g);
    g.impl()->origin = from_gradient;
  }
  return result;
}

}  // namespace gradus

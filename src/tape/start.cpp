// Where a walk starts, which nodes it needs, and what it refuses.
#include <algorithm>
#include <utility>

#include "tape/observers.hpp"
#include "tape/room.hpp"

namespace gradus {

using namespace detail;

namespace {

// backward() would have nowhere to put its gradient.
void refuse_non_leaf(const Tensor& x, Loc where) {
  if (!x.defined() || x.impl()->tape == 0) return;
  throw Error("backward",
              {.wrong = "one of the tensors in .into is the result of an operation, not a leaf",
               .got = "shape " + to_string(x.shape()),
               .expected = "leaves: parameters and other tensors that require a gradient",
               .advice = "tape.gradient(loss, {x}) gives the gradient of any recorded tensor"},
              where);
}

}  // namespace

BackwardPass::BackwardPass(Tape& tape, const Arg& loss, const BackwardOptions& options)
    : tape_(tape),
      state_(tape.state()),
      tape_id_(tape.id()),
      what_("backward"),
      where_(user_line(loss.where)),
      commits_(true),
      release_(!options.keep) {
  begin(loss, {});
  for (const Tensor& x : options.into) refuse_non_leaf(x, where_);
  if (!options.into.empty()) mark(options.into);
  if (release_) state_.releases.push_back(where_);
  if (observed()) tell_walk(true);
}

BackwardPass::BackwardPass(Tape& tape, const Arg& y, const std::vector<Tensor>& inputs, const GradientOptions& options)
    : tape_(tape),
      state_(tape.state()),
      tape_id_(tape.id()),
      what_("gradient"),
      where_(user_line(y.where)),
      record_(options.record) {
  begin(y, options.cotangent);
  mark(inputs);
  if (observed()) tell_walk(true);
}

BackwardPass::~BackwardPass() {
  if (thread_state().tape_id != tape_id_) return;  // the tape has ended
  room_->clear();
  state_.spare_room = std::move(room_);
}

void BackwardPass::refuse_other_tape() const {
  throw Error(what_,
              {.wrong = "the tape of this walk is not the live tape of this thread: it has ended, or lives on another "
                        "thread",
               .advice = "walk a tape on the thread that recorded it, and before its scope ends"},
              where_);
}

// Why there is no node for a tensor, as far as its own marks tell.
Complaint BackwardPass::why_not_recorded(const Tensor& y) const {
  const TensorImpl& t = *y.impl();
  const std::string got = "shape " + to_string(t.shape);
  const std::string wrong = "nothing was recorded for this tensor: ";
  if (t.origin & from_gradient)
    return {.wrong = wrong + "it comes from a gradient that was not recorded",
            .got = got,
            .advice = "record the first gradient: tape.gradient(y, {x}, {.record = true})"};
  if (t.origin & from_discrete)
    return {.wrong = wrong + "a conversion to i64 or bool stands between it and the leaves",
            .got = got,
            .advice = "compute the loss from the floating-point values: such operations have no derivative"};
  if (t.origin & from_frozen)
    return {.wrong = wrong + "each parameter it was computed from is frozen",
            .got = got,
            .advice = "call requires_grad_() on what should be trained, before it is used"};
  if (t.constant_of == tape_id_)
    return {
        .wrong = wrong + "it was computed on this tape from constants only",
        .got = got,
        .advice =
            "call requires_grad_() or tape.watch(x) on what should be differentiated, before it is used; constants "
            "are also the results of comparisons and argmax, and what was computed before the tape or under NoRecord"};
  return {.wrong = wrong + "it was made before the tape, or under NoRecord",
          .got = got,
          .advice = "compute it from leaves (requires_grad_() or tape.watch(x)) while the tape is live"};
}

void BackwardPass::begin(const Arg& y, Tensor cotangent) {
  const auto refuse = [&](Complaint c) { throw Error(what_, std::move(c), where_); };
  if (thread_state().tape_id != tape_id_) refuse_other_tape();
  check_defined(y, what_, where_);
  const Tensor& loss = y;
  start_ = node_of(loss, what_, where_);
  if (start_ < 0 && loss.requires_grad()) start_ = state_.leaf(loss, false, where_);
  if (start_ < 0 || state_[start_].constant) refuse(why_not_recorded(loss));
  if (!cotangent.defined()) {
    if (loss.numel() != 1)
      refuse({.wrong = "the tensor does not have exactly one element",
              .got = "shape " + to_string(loss.shape()),
              .expected = "one element",
              .advice = "reduce it with sum(…) or mean(…), or use gradient(y, {x}, {.cotangent = …})"});
    cotangent = empty(loss.shape(), loss.dtype());
    visit_floating(loss.dtype(), [&]<class T>() { *data<T>(cotangent) = 1; });
  } else if (cotangent.shape() != loss.shape() || cotangent.dtype() != loss.dtype()) {
    refuse({.wrong = "the cotangent must have the shape and dtype of the tensor",
            .got = to_string(cotangent.shape()) + " " + name(cotangent.dtype()),
            .expected = to_string(loss.shape()) + " " + name(loss.dtype())});
  }
  room_ = state_.spare_room ? std::move(state_.spare_room) : std::make_unique<WalkRoom>();
  room_->begin(start_ + 1);
  room_->slot(start_) = std::move(cotangent);
  room_->waiting.insert(start_);
}

// Which nodes lie between the targets and the start: only they are visited. Looks at what y was computed from, down to
// the lowest target.
void BackwardPass::mark(const std::vector<Tensor>& targets) {
  WalkRoom& room = *room_;
  room.all = false;
  if (room.needed.size() < room.slots.size()) room.needed.resize(room.slots.size(), Need::none);
  const auto need = [&](int i) -> Need& { return room.needed[static_cast<std::size_t>(i)]; };
  int lowest = start_ + 1;
  for (const Tensor& x : targets) {
    check_defined(x, what_, where_);
    const int n = node_of(x, what_, where_);
    check_target(x, n);
    if (n < 0 || n > start_) continue;
    need(n) = Need::target;
    room.marked.push_back(n);
    lowest = std::min(lowest, n);
  }
  const std::size_t first = room.marked.size();
  for (int i = room.waiting.pop(); i >= 0; i = room.waiting.pop()) {
    room.marked.push_back(i);
    const Node& n = state_[i];
    for (int k = 0; k < n.inputs; ++k)
      if (n.in()[k] >= lowest) room.waiting.insert(n.in()[k]);
  }
  for (std::size_t at = room.marked.size(); at-- > first;) {
    const int i = room.marked[at];
    const Node& n = state_[i];
    for (int k = 0; k < n.inputs; ++k)
      if (n.in()[k] >= lowest && need(n.in()[k]) != Need::none) need(i) = need(i) | Need::passage;
  }
  room.waiting.insert(start_);
}

// A leaf that is not on the tape was not used, and its gradient is 0. What was used as a constant is another matter.
void BackwardPass::check_target(const Tensor& x, int node) const {
  if (node >= 0 && !state_[node].constant) return;
  const bool used = node >= 0 || x.impl()->constant_of == tape_id_;
  if (x.requires_grad() && !used) return;
  throw Error(what_,
              {.wrong = used ? "one of the tensors to differentiate for was used on this tape as a constant"
                             : "one of the tensors to differentiate for was never on the tape",
               .got = "shape " + to_string(x.shape()),
               .expected = "a leaf, or the result of a recorded operation",
               .advice = "call x.requires_grad_() or tape.watch(x) before x is used"},
              where_);
}

}  // namespace gradus

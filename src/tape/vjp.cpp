// What the rule of an operation sees of a walk: what it may read, and where its gradients go.
#include <gradus/op.hpp>

#include <utility>

#include "tape/gradients.hpp"
#include "tape/walk.hpp"

namespace gradus {

using namespace detail;

// Inlined: each rule asks several times.
[[gnu::always_inline]] inline int Vjp::target(int input) const {
  const int to = static_cast<unsigned>(input) < static_cast<unsigned>(node_.inputs) ? node_.in()[input] : -1;
  if (to < 0 || pass_.state_[to].constant) return -1;
  return pass_.room_->needs(to) != Need::none ? to : -1;
}

bool Vjp::wants(int input) const { return target(input) >= 0; }
int Vjp::inputs() const { return node_.inputs; }

// ---- reading ----

namespace {
std::string saved_name(const char* what, int k) { return k < 0 ? what : what + std::to_string(k); }
}  // namespace

const Tensor& Vjp::saved(std::uint32_t bit, const char* what, int k) const {
  if (node_.mask & bit) {
    const Saved& s = node_.saved()[bits(node_.mask & (bit - 1))];
    if (!s.tensor.defined() || s.tensor.impl()->storage->version == s.version) return s.tensor;
    refuse_changed(s, what, k);
  }
  throw Error(pass_.what_,
              {.wrong = "the rule of '" + with_line(node_) + "' reads " + saved_name(what, k) +
                        ", which the operation does not save",
               .advice = "declare it in `saves` of the operation"},
              pass_.where_);
}

void Vjp::refuse_changed(const detail::Saved& s, const char* what, int k) const {
  const Storage& changed = *s.tensor.impl()->storage;
  throw Error(pass_.what_,
              {.wrong = "'" + with_line(node_) + "' saved " + saved_name(what, k) + ", shape " +
                        to_string(s.tensor.shape()) + ", and it has been changed since",
               .got = std::string(changed.changed_by) + " at " + to_string(changed.changed_at) + " (version " +
                      std::to_string(changed.version) + ", saved " + std::to_string(s.version) + ")",
               .advice = "call backward() or gradient() before the change, or change a clone()"},
              pass_.where_);
}

// A number that is out of range has no bit, so saved() refuses it.
const Tensor& Vjp::in(int input) const {
  return saved(static_cast<unsigned>(input) < 8 ? 1u << input : 0, "in", input);
}
const Tensor& Vjp::out() const { return saved(out0, "its output", -1); }
const Tensor& Vjp::extra(int k) const { return saved(static_cast<unsigned>(k) < 3 ? extra0 << k : 0, "extra", k); }

const Node& Vjp::wanted(int input) const {
  const int to = target(input);
  if (to >= 0) [[likely]]
    return pass_.state_[to];
  throw Error(pass_.what_,
              {.wrong = "the rule of '" + with_line(node_) + "' uses input " + std::to_string(input) +
                        ", whose gradient is not needed",
               .got = "an operation of " + std::to_string(node_.inputs) + " inputs",
               .advice = "call wants(i) first"},
              pass_.where_);
}

Shape Vjp::shape(int input) const { return wanted(input).shape(); }
DType Vjp::dtype(int input) const { return wanted(input).dtype; }

// ---- giving ----

void Vjp::refuse(int input, const Node& x, const Tensor& gradient) const {
  throw Error(
      pass_.what_,
      {.wrong = "the rule of '" + with_line(node_) + "' gave a gradient of the wrong shape or dtype to input " +
                std::to_string(input),
       .got = gradient.defined() ? to_string(gradient.shape()) + " " + name(gradient.dtype()) : "an undefined tensor",
       .expected = to_string(x.shape()) + " " + name(x.dtype) + ", as the input",
       .advice = "correct vjp() of the operation"},
      pass_.where_);
}

void Vjp::give(int input, Tensor gradient) {
  const int to = target(input);
  if (to < 0) return;
  const Node& x = pass_.state_[to];
  const TensorImpl* t = gradient.impl();
  if (!t || t->dtype != x.dtype || !x.has_shape(t->shape)) refuse(input, x, gradient);
  if (pending_ == nobody_watches) {
    add_to_slot(*pass_.room_, to, std::move(gradient), pass_.record_);
  } else {
    flush();
    pass_.add_to(index_, input, to, std::move(gradient), false);
  }
}

// The same where somebody watches.
void BackwardPass::add_to(int from, int input, int to, Tensor gradient, bool fused) {
  if (!observed() || !observed()->contributions) return add_to_slot(*room_, to, std::move(gradient), record_);
  const Tensor& slot = room_->slot(to);
  const Tensor before = slot;
  add_to_slot(*room_, to, Tensor(gradient), record_);
  tell_contribution({tape_, from, input, to, gradient, before, slot, fused});
}

// A gradient that is written into memory is on no tape: the second derivative would be 0 without a word.
void Vjp::refuse_in_recorded_walk(const char* call) const {
  throw Error(pass_.what_,
              {.wrong = "the rule of '" + with_line(node_) + "' calls " + call + " in a walk that is recorded",
               .expected = "give(), which records",
               .advice = std::string("call ") + call + " in fast() only, and write vjp() in operations"},
              pass_.where_);
}

const Tensor& Vjp::accumulator(int input) {
  if (pass_.record_) refuse_in_recorded_walk("accumulator()");
  const Node& x = wanted(input);
  flush();
  if (observed() && observed()->contributions) {  // somebody wants to see the contribution by itself
    pending_ = input;
    return pending_sum_ = zeros(x.shape(), x.dtype);
  }
  const int to = target(input);
  Tensor& slot = pass_.room_->slot(to);
  if (slot.defined())
    make_writable(slot);
  else
    add_to_slot(*pass_.room_, to, zeros(x.shape(), x.dtype), false);
  return slot;
}

void Vjp::give_by(int input, void (*write)(const void*, const Tensor&, bool), const void* context) {
  if (pass_.record_) refuse_in_recorded_walk("give_by()");
  const int to = target(input);
  if (to < 0) return;
  flush();
  const Node& x = pass_.state_[to];
  Tensor& slot = pass_.room_->slot(to);
  const auto afresh = [&] {
    Tensor gradient = empty(x.shape(), x.dtype);
    write(context, gradient, false);
    return gradient;
  };
  if (!slot.defined()) return give(input, afresh());
  const bool watched = observed() && observed()->contributions;  // then the same kernel runs, and once more to show
  const Tensor added = watched ? afresh() : Tensor();
  const Tensor before = watched ? clone(slot) : Tensor();
  make_writable(slot);
  write(context, slot, true);
  if (watched) tell_contribution({pass_.tape_, index_, input, to, added, before, slot, true});
}

void Vjp::flush_pending() {
  const int input = std::exchange(pending_, nothing_pending);
  pass_.add_to(index_, input, target(input), std::move(pending_sum_), true);
}

}  // namespace gradus

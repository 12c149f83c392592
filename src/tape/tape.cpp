// Recording: an operation that meets a leaf or a recorded tensor appends one node.
#include <gradus/tape.hpp>

#include <bit>

#include "tape/profile.hpp"
#include "tape/state.hpp"
#include "tensor/loops.hpp"
#include "tensor/pool.hpp"

namespace gradus {
namespace detail {

namespace {
std::atomic<std::uint64_t> last_id{0};
}  // namespace

int TapeState::leaf(const Tensor& x, bool constant, Loc at) {
  const int found = table.find(x.impl());
  if (found >= 0) return found;
  const int index = size;
  Node& n = append();
  n.where = at;
  n.scope = scope;
  n.dtype = x.dtype();
  n.shape = x.shape();
  n.constant = constant;
  n.mask = 1;
  n.saved[0] = {x, x.impl()->storage->version};
  table.insert(x.impl(), index);
  leaves.push_back(index);
  if (observed()) Observers::tell([&](Observer& o) { o.on_record({*thread_state().tape, index, x}); });
  return index;
}

int node_of(const Tensor& x, const char* operation, Loc where) {
  const ThreadState& s = thread_state();
  const TensorImpl& t = *x.impl();
  if (!t.tape) return s.tape ? s.tape->state().table.find(&t) : -1;
  if (t.tape == s.tape_id) return t.node;
  throw Error(
      operation,
      {.wrong = "the tensor belongs to a tape that has ended, or lives on another thread",
       .got = "shape " + to_string(t.shape) + ", node " + std::to_string(t.node) + " of tape " + std::to_string(t.tape),
       .expected = s.tape ? "a tensor of tape " + std::to_string(s.tape_id) + ", a leaf or a constant"
                          : "a leaf or a constant: no tape is live here",
       .advice = "x.detach() keeps its numbers without their history"},
      user_line(where));
}

// ---- applying an operation ----

namespace {

// Returns the node's number, -1 where nothing is worth recording.
[[gnu::always_inline]] inline int record(TapeState& tape, const OpTable& op, const void* self,
                                         std::span<const Tensor* const> in, const Tensor& y, const Tensor* extras,
                                         Loc where) {
  // Leaves first: they come before the operation that meets them.
  const int count = static_cast<int>(in.size());
  std::int32_t room[8];
  std::vector<std::int32_t> many;
  std::int32_t* number = room;
  if (count > 8) many.resize(in.size()), number = many.data();
  std::uint32_t mask = 0;
  bool tracked = false;
  for (int i = 0; i < count; ++i) {
    const Tensor& x = *in[static_cast<std::size_t>(i)];
    const TensorImpl& t = *x.impl();
    int n = -1;
    if (t.tape)
      n = t.node;
    else if (t.requires_grad)
      n = tape.leaf(x, false, where);
    else if (tape.watching)
      n = tape.table.find(&t);
    const bool tracks = n >= 0 && !tape[n].constant;
    if (n < 0 && tape.options.replay) n = tape.leaf(x, true, where);
    if (tracks) mask |= op.saves[i];
    tracked = tracked || tracks;
    number[i] = n;
  }
  if (!tracked) return -1;

  const int index = tape.size;
  Node& n = tape.append();
  n.set_attributes(op, self);
  n.where = where;
  n.scope = tape.scope;
  n.dtype = y.dtype();
  n.shape = y.shape();
  n.reserve_inputs(count);
  for (int i = 0; i < count; ++i) n.in[i] = number[i];
  TensorImpl& out = *y.impl();
  out.tape = tape.id;
  out.node = index;
  n.reserve_saves(mask);
  for (int k = 0; mask; mask &= mask - 1, ++k) {
    const int bit = std::countr_zero(mask);
    const Tensor& t = bit < 8 ? *in[static_cast<std::size_t>(bit)] : bit == 8 ? y : extras[bit - 9];
    n.saved[k].tensor = t;
    n.saved[k].version = t.defined() ? t.impl()->storage->version : 0;
  }
  return index;
}

}  // namespace

namespace {

// Numbers among the arguments become constants of the first tensor's dtype.
Tensor apply_with_numbers(const OpTable& op, const void* self, std::span<const Arg> args, Tensor* extras) {
  DType dtype = f32;
  for (std::size_t i = args.size(); i-- > 0;)
    if (!args[i].is_number()) dtype = args[i].tensor().dtype();
  std::vector<Tensor> tensors;
  for (const Arg& a : args) tensors.push_back(a.is_number() ? scalar(a.number(), dtype) : a.tensor());
  std::vector<Arg> all;
  for (std::size_t i = 0; i < args.size(); ++i) all.emplace_back(tensors[i], args[i].where);
  return apply(op, self, all, extras);
}

constinit thread_local bool measuring = false;  // apply_timed calls apply

Tensor apply_timed(const OpTable& op, const void* self, std::span<const Arg> args, Tensor* extras) {
  for (const Arg& a : args)
    if (a.is_number()) return apply_with_numbers(op, self, args, extras);
  Timing timing(op.name, ProfileRow::forward);
  measuring = true;
  Tensor y = apply(op, self, args, extras);
  timing.stop();
  count_forward(timing, op, self, args, y);
  return y;
}

}  // namespace

namespace {

// Built twice, so that recording with nobody watching keeps its registers.
template <bool watched>
[[gnu::always_inline]] inline Tensor run(const OpTable& op, const void* self, std::span<const Arg> args,
                                         Tensor* extras) {
  ThreadState& s = thread_state();
  const Loc where = s.at_set || args.empty() ? s.at : args[0].where;

  const Tensor* room[8];
  std::vector<const Tensor*> many;
  const Tensor** in = room;
  if (args.size() > 8) many.resize(args.size()), in = many.data();
  bool tracked = s.tape && s.tape->state().watching;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (args[i].is_number()) return apply_with_numbers(op, self, args, extras);
    in[i] = &args[i].tensor();
    const TensorImpl* t = in[i]->impl();
    if (!t) check_defined(*in[i], op.name, where);
    if (t->tape && t->tape != s.tape_id) node_of(*in[i], op.name, where);
    tracked = tracked || t->tape || t->requires_grad;
  }

  const std::span<const Tensor* const> ins(in, args.size());
  Fwd f(op.name, where);
  Tensor y;
  if (!s.recording && s.at_set) {  // within a forward or a walk all is prepared
    y = op.forward(self, f, Ins(ins));
  } else {
    const Inside inside(false, where);
    y = op.forward(self, f, Ins(ins));
  }
  for (const Tensor* x : ins)
    if (y.is_same(*x)) y = alias(y);
  if (tracked && s.recording && s.tape && is_floating(y.impl()->dtype)) {
    const int index = record(s.tape->state(), op, self, ins, y, f.extras, where);
    if (watched && index >= 0) Observers::tell([&](Observer& o) { o.on_record({*s.tape, index, y, ins}); });
  }
  if (extras)
    for (int k = 0; k < 3; ++k) extras[k] = std::move(f.extras[k]);
  return y;
}

[[gnu::cold, gnu::noinline]] Tensor run_watched(const OpTable& op, const void* self, std::span<const Arg> args,
                                                Tensor* extras) {
  return run<true>(op, self, args, extras);
}

}  // namespace

Tensor apply(const OpTable& op, const void* self, std::span<const Arg> args, Tensor* extras) {
  if (profiled() && !std::exchange(measuring, false)) [[unlikely]]
    return apply_timed(op, self, args, extras);
  if (observed()) [[unlikely]]
    return run_watched(op, self, args, extras);
  return run<false>(op, self, args, extras);
}

bool check_fields(const OpTable& table, const void* op) {
  struct Counter : Attributes {
    void number(const char*, double&) override {}
    void integer(const char*, std::int64_t&) override {}
    void flag(const char*, bool&) override {}
    void list(const char*, Shape&) override {}
  } counter;
  table.fields(op, counter);
  if (counter.count != table.members)
    throw Error(table.name,
                {.wrong = "the operation's fields() does not list every attribute",
                 .got = std::to_string(counter.count) + " fields for " + std::to_string(table.members) + " members",
                 .advice = "add v(\"name\", name) for each member, so that traces and replays know them"});
  return true;
}

}  // namespace detail

using namespace detail;

// ---- the tape ----

Tape::Tape(TapeOptions options, Loc where) {
  ThreadState& s = thread_state();
  if (s.tape)
    throw Error(
        "Tape",
        {.wrong = "a tape is already live on this thread",
         .got = "the one made at " + to_string(s.tape->state().where),
         .expected = "one tape at a time",
         .advice =
             "end that one first (its brace), or use gradient(…, {.record = true}) for derivatives of derivatives"},
        where);
  state_ = TapeState::take();
  state_->id = ++last_id;
  state_->options = options;
  state_->where = where;
  s.tape = this;
  s.tape_id = state_->id;
  if (observed()) Observers::tell([&](Observer& o) { o.on_tape_begin(*this); });
}

Tape::~Tape() {
  ThreadState& s = thread_state();
  if (observed()) Observers::tell([&](Observer& o) { o.on_tape_end(*this); });
  s.tape = nullptr;
  s.tape_id = 0;
  state_->give_back();
}

Tape* Tape::current() { return thread_state().tape; }
int Tape::size() const { return state_->size; }
std::uint64_t Tape::id() const { return state_->id; }

int Tape::index_of(const Tensor& x) const {
  if (!x.defined()) return -1;
  const TensorImpl& t = *x.impl();
  return t.tape == state_->id ? t.node : t.tape ? -1 : state_->table.find(&t);
}

void Tape::watch(const Tensor& x, Loc where) {
  check_defined(x, "watch", where);
  if (!is_floating(x.dtype())) refuse_dtype("watch", x.dtype(), where);
  if (node_of(x, "watch", where) >= 0) return;
  state_->leaf(x, false, user_line(where));
  state_->watching = true;
}

NoRecord::NoRecord() : before_(std::exchange(thread_state().recording, false)) {}
NoRecord::~NoRecord() { thread_state().recording = before_; }

Scope::Scope(const char* name) : pushed_(thread_state().tape != nullptr) {
  if (!pushed_) return;
  TapeState& tape = thread_state().tape->state();
  tape.scopes.push_back({name, tape.scope});
  tape.scope = static_cast<int>(tape.scopes.size()) - 1;
  if (observed()) Observers::tell([&](Observer& o) { o.on_scope({name, true}); });
}

Scope::~Scope() {
  if (!pushed_ || !thread_state().tape) return;
  TapeState& tape = thread_state().tape->state();
  if (tape.scope < 0) return;  // the tape was replaced inside the scope
  const ScopeEntry left = tape.scopes[static_cast<std::size_t>(tape.scope)];
  tape.scope = left.parent;
  if (observed()) Observers::tell([&](Observer& o) { o.on_scope({left.name, false}); });
}

At::At(Loc where) : set_(!thread_state().at_set) {
  if (set_) thread_state().at_set = true, thread_state().at = where;
}
At::~At() {
  if (set_) thread_state().at_set = false;
}

}  // namespace gradus

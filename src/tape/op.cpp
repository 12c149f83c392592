// Applying an operation: its forward runs, and one node is appended where a leaf or a recorded tensor is among its
// inputs.
#include <gradus/op.hpp>

#include <algorithm>
#include <bit>
#include <utility>

#include "tape/observers.hpp"
#include "tape/profile.hpp"

namespace gradus {

void Ins::refuse(int i) const {
  throw Error("operation",
              {.wrong = "forward() reads an input that it was not given",
               .got = "input " + std::to_string(i) + " of " + std::to_string(size()),
               .advice = "call apply() with as many arguments as forward() reads"},
              detail::user_line(Loc()));
}

namespace detail {

// ---- recording ----

namespace {

[[noreturn, gnu::cold, gnu::noinline]] void refuse_saves(const OpTable& op, int inputs, Loc where) {
  throw Error(op.name,
              {.wrong = "`saves` of the operation names an input that it does not have",
               .got = std::to_string(inputs) + (inputs == 1 ? " input" : " inputs"),
               .advice = "in0 is the first input, in1 the second"},
              where);
}

// Returns the node's number, -1 where nothing is worth recording.
[[gnu::always_inline]] inline int record(TapeState& tape, const OpTable& op, const void* self,
                                         std::span<const Tensor* const> in, const Tensor& y, const Tensor* extras,
                                         Loc where) {
  // Leaves first: they come before the operation that uses them.
  const int count = static_cast<int>(in.size());
  std::int32_t room[8] = {};
  std::vector<std::int32_t> many;
  std::int32_t* number = room;
  if (count > 8) {
    many.resize(in.size());
    number = many.data();
  }
  std::uint32_t mask = 0;
  bool tracked = false;
  for (int i = 0; i < count; ++i) {
    const Tensor& x = *in[static_cast<std::size_t>(i)];
    const TensorImpl& t = *x.impl();
    int n = -1;
    bool tracks = true;
    if (t.tape) {
      n = t.node;
    } else if (t.requires_grad) {
      n = tape.leaf(x, false, where);
    } else {
      if (tape.watching) n = tape.table.find(&t);
      tracks = n >= 0 && !tape[n].constant;
    }
    if (!tracks && tape.options.replay) n = tape.leaf(x, true, where);
    if (tracks) mask |= op.saves[i];
    tracked = tracked || tracks;
    number[i] = n;
  }
  if (!tracked) return -1;
  if (count < 8 && (mask & 0xff) >> count) refuse_saves(op, count, where);

  const int index = tape.size;
  Node& n = tape.append();
  Saved* to = nullptr;
  try {
    n.set_operation(op, self);
    n.where = where;
    n.scope = tape.scope;
    n.dtype = y.dtype();
    n.set_shape(y.shape());
    if (count > 8)
      n.set_many_inputs(number, count);
    else
      n.set_inputs(room, count);
    to = n.reserve_saves(mask);
  } catch (...) {
    tape.drop_last();
    throw;
  }
  for (; mask; mask &= mask - 1, ++to) {
    const int bit = std::countr_zero(mask);
    const Tensor& t = bit < 8 ? *in[static_cast<std::size_t>(bit)] : bit == 8 ? y : extras[bit - 9];
    new (to) Saved{t, t.defined() ? t.impl()->storage->version : 0};
  }
  TensorImpl& out = *y.impl();
  out.tape = tape.id;
  out.node = index;
  return index;
}

}  // namespace

// ---- applying ----

namespace {

// Numbers among the arguments become constants of the first tensor's dtype.
Tensor apply_with_numbers(const OpTable& op, const void* self, std::span<const Arg> args, Tensor* extras) {
  DType dtype = f32;
  for (std::size_t i = args.size(); i-- > 0;)
    if (!args[i].is_number()) dtype = args[i].tensor().dtype();
  const auto as_tensor = [&](const Arg& a) {
    try {
      return a.is_number() ? scalar(a.number(), dtype) : a.tensor();
    } catch (const Error& e) { throw Error(op.name, e.complaint(), user_line(a.where)); }
  };
  std::vector<Tensor> tensors;
  for (const Arg& a : args) tensors.push_back(as_tensor(a));
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

[[noreturn, gnu::cold, gnu::noinline]] void refuse_undefined_result(const OpTable& op, Loc where) {
  throw Error(op.name, {.wrong = "forward() of the operation returned an undefined tensor"}, where);
}

// Built twice, so that recording without observers has no observer code to spill registers for.
template <bool watched>
[[gnu::always_inline]] inline Tensor run(const OpTable& op, const void* self, std::span<const Arg> args,
                                         Tensor* extras) {
  ThreadState& s = thread_state();
  const Loc where = s.at_set || args.empty() ? s.at : args[0].where;
  const std::uint64_t live = s.recording ? s.tape_id : 0;

  const Tensor* room[8];
  std::vector<const Tensor*> many;
  const Tensor** in = room;
  if (args.size() > 8) {
    many.resize(args.size());
    in = many.data();
  }
  bool tracked = live && s.tape->state().watching;
  std::uint8_t origin = 0;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (args[i].is_number()) return apply_with_numbers(op, self, args, extras);
    in[i] = &args[i].tensor();
    TensorImpl* t = in[i]->impl();
    if (!t) check_defined(*in[i], op.name, where);
    if (t->tape && t->tape != s.tape_id) node_of(*in[i], op.name, where);
    if (t->tape || t->requires_grad) {
      tracked = true;
    } else if (live) {  // a constant of the live tape: watch() and messages want to know
      t->constant_of.store(live, std::memory_order_relaxed);
      origin |= t->origin;
    }
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
  if (!y.defined()) refuse_undefined_result(op, where);
  for (const Tensor* x : ins)
    if (y.is_same(*x)) y = alias(y);
  if (live) {
    int index = -1;
    if (!tracked)
      ;
    else if (is_floating(y.impl()->dtype))
      index = record(s.tape->state(), op, self, ins, y, f.extras, where);
    else
      origin |= from_discrete;
    if (index < 0) {
      y.impl()->constant_of.store(live, std::memory_order_relaxed);
      y.impl()->origin = origin;
    }
    if (watched && index >= 0 && observed()) tell_record({*s.tape, index, y, ins});
  }
  if (extras)
    for (int k = 0; k < 3; ++k) extras[k] = std::move(f.extras[k]);
  return y;
}

// The same where a profile or an observer is on.
[[gnu::cold, gnu::noinline]] Tensor apply_watched(const OpTable& op, const void* self, std::span<const Arg> args,
                                                  Tensor* extras) {
  if (profiled() && !std::exchange(measuring, false)) return apply_timed(op, self, args, extras);
  return run<true>(op, self, args, extras);
}

}  // namespace

Tensor apply(const OpTable& op, const void* self, std::span<const Arg> args, Tensor* extras) {
  if (profiled() || observed()) [[unlikely]]
    return apply_watched(op, self, args, extras);
  return run<false>(op, self, args, extras);
}

bool check_fields(const OpTable& table, const void* op, Loc where) {
  struct Counter : Attributes {
    void number(const char*, double&) override {}
    void integer(const char*, std::int64_t&) override {}
    void flag(const char*, bool&) override {}
    void list(const char*, Shape&) override {}
  } counter;
  table.fields(op, counter);
  if (counter.count != table.members)
    throw Error(table.name,
                {.wrong = "fields() of the operation does not list every attribute",
                 .got = std::to_string(counter.count) + " in fields(), " + std::to_string(table.members) + " members",
                 .expected = "each member once",
                 .advice = "add v(\"name\", name) for each member: traces and replays need them"},
                user_line(where));
  return true;
}

}  // namespace detail

// ---- the user's line ----

At::At(Loc where) : set_(!detail::thread_state().at_set) {
  if (!set_) return;
  detail::thread_state().at_set = true;
  detail::thread_state().at = where;
}

At::~At() {
  if (set_) detail::thread_state().at_set = false;
}

}  // namespace gradus

// The tape itself: how it begins and ends, its leaves and scopes, and the warning that it never ends.
#include <gradus/tape.hpp>

#include <atomic>

#include "tape/observers.hpp"
#include "tensor/loops.hpp"

namespace gradus {

using namespace detail;

namespace {
std::atomic<std::uint64_t> last_id{0};
}  // namespace

Tape::Tape(TapeOptions options, Loc where) {
  Observers::rethrow();
  ThreadState& s = thread_state();
  if (s.tape)
    throw Error("Tape",
                {.wrong = "a tape is already live on this thread",
                 .got = "the one made at " + to_string(s.tape->state().where),
                 .expected = "one tape at a time",
                 .advice = "end that one first (its scope), or use gradient(y, {x}, {.record = true}) for derivatives "
                           "of derivatives"},
                where);
  state_ = TapeState::take();
  state_->id = ++last_id;
  state_->options = options;
  state_->where = where;
  state_->holder = &s;
  s.tape = this;
  s.tape_id = state_->id;
  if (!observed()) [[likely]]
    return;
  try {
    tell_tape_begin(*this);
  } catch (...) {
    end();
    throw;
  }
}

Tape::~Tape() {
  if (thread_state().tape != this) {  // it was put aside, or made on another thread
    state_->end_elsewhere();
    return;
  }
  if (observed()) tell_tape_end(*this);
  end();
}

void Tape::end() noexcept {
  ThreadState& s = thread_state();
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
  if (t.tape) return t.tape == state_->id ? t.node : -1;
  return state_->table.find(&t);
}

void Tape::watch(const Tensor& x, Loc where) {
  check_defined(x, "watch", where);
  if (!is_floating(x.dtype())) refuse_dtype("watch", x.dtype(), where);
  if (thread_state().tape != this)
    throw Error("watch",
                {.wrong = "the tape is not the live tape of this thread",
                 .advice = "watch a tensor on the thread that made the tape"},
                user_line(where));
  const int node = node_of(x, "watch", where);
  if (node >= 0 && !(*state_)[node].constant) return;
  if (node >= 0 || x.impl()->constant_of == state_->id)
    throw Error("watch",
                {.wrong = "the tensor has been used on this tape already, as a constant",
                 .got = "shape " + to_string(x.shape()),
                 .expected = "a tensor that no recorded operation has used yet",
                 .advice = "call tape.watch(x) right after the tape is made"},
                user_line(where));
  state_->leaf(x, false, user_line(where));
  state_->watching = true;
}

// ---- for a scope ----

NoRecord::NoRecord() : before_(std::exchange(thread_state().recording, false)) {}
NoRecord::~NoRecord() { thread_state().recording = before_; }

Scope::Scope(const char* name) : tape_id_(thread_state().tape_id) {
  if (!tape_id_) return;
  TapeState& tape = thread_state().tape->state();
  const int outer = tape.scope;
  tape.scopes.push_back({name ? name : "", outer});
  tape.scope = static_cast<int>(tape.scopes.size()) - 1;
  if (!observed()) [[likely]]
    return;
  try {
    tell_scope({tape.scopes.back().name, true});
  } catch (...) {
    tape.scope = outer;
    throw;
  }
}

Scope::~Scope() {
  if (!tape_id_ || thread_state().tape_id != tape_id_) return;  // its tape has ended
  TapeState& tape = thread_state().tape->state();
  const ScopeEntry left = tape.scopes[static_cast<std::size_t>(tape.scope)];
  tape.scope = left.parent;
  if (observed()) tell_scope_end({left.name, false});
}

// ---- a tape that never ends ----

void detail::check_tape_growth(const char* optimizer, Loc where) {
  constexpr int most = 1000;
  const Tape* live = thread_state().tape;
  if (!live) return;
  TapeState& tape = live->state();
  if (tape.size > tape.size_at_step) ++tape.steps_of_growth;
  tape.size_at_step = tape.size;
  if (tape.steps_of_growth != most || tape.options.long_lived) return;
  ++tape.steps_of_growth;  // said once
  throw Error(optimizer,
              {.wrong = "one tape has been live for " + std::to_string(most) + " steps and still grows",
               .got = std::to_string(tape.size) + " nodes on the tape made at " + to_string(tape.where),
               .expected = "a tape for each step",
               .advice = "put `Tape tape;` inside the loop, or make it with Tape tape({.long_lived = true})"},
              user_line(where));
}

}  // namespace gradus

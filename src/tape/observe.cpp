// Attaching observers to a thread, and telling them.
#include <gradus/observe.hpp>

#include <exception>
#include <utility>

#include "tape/observers.hpp"
#include "tape/room.hpp"

namespace gradus {

using namespace detail;

namespace detail {
namespace {

// The newest first. Not to be touched once the thread has destroyed it, which observers of other thread-local objects
// may outlive.
struct List {
  std::shared_ptr<Attached> newest;
  std::exception_ptr thrown;  // by an observer in a destructor, and not yet thrown again
  ~List();
};
constinit thread_local bool list_is_gone = false, holds_exception = false;

List::~List() {
  list_is_gone = true;
  holds_exception = false;
  thread_state().hooks = nullptr;
}

List& list() {
  thread_local List instance;
  return instance;
}

void tell_mutation(const Tensor& x, const char* what, Loc where) {
  Observers::tell([&](Observer& o) { o.on_mutation({x, what, where}); });
}
void tell_zero_grad(const Tensor& leaf) {
  Observers::tell([&](Observer& o) { o.on_zero_grad({leaf}); });
}
// The constructor of an exception must not throw another one.
void tell_error(const Error& error) noexcept {
  thread_local bool telling = false;  // an observer may make errors of its own
  if (std::exchange(telling, true)) return;
  Observers::tell_quietly([&](Observer& o) { o.on_error({error}); });
  telling = false;
}
constexpr Hooks in_outline{
    .contributions = false, .mutation = tell_mutation, .zero_grad = tell_zero_grad, .error = tell_error};
constexpr Hooks closely{
    .contributions = true, .mutation = tell_mutation, .zero_grad = tell_zero_grad, .error = tell_error};

}  // namespace

std::shared_ptr<Attached> Observers::newest() { return list_is_gone ? nullptr : list().newest; }

void Observers::keep(std::exception_ptr thrown) noexcept {
  if (list_is_gone || holds_exception) return;
  list().thrown = std::move(thrown);
  holds_exception = true;
}

void Observers::rethrow() {
  if (!holds_exception) return;
  holds_exception = false;
  std::rethrow_exception(std::exchange(list().thrown, nullptr));
}

void Observers::changed() {
  ThreadState& s = thread_state();
  s.hooks = nullptr;
  s.attached = false;
  if (list_is_gone) return;
  for (std::shared_ptr<Attached>* at = &list().newest; *at;) {
    const std::shared_ptr<Attached> a = *at;
    if (a->ended) {
      *at = a->outer;
      continue;
    }
    s.attached = true;
    if (!s.quiet && !s.hooks) s.hooks = &in_outline;
    if (!s.quiet && a->contributions) s.hooks = &closely;
    at = &a->outer;
  }
}

// ---- one call for each event of a hot path ----

void tell_record(const RecordEvent& e) {
  Observers::tell([&](Observer& o) { o.on_record(e); });
}
void tell_contribution(const ContributionEvent& e) {
  Observers::tell([&](Observer& o) { o.on_contribution(e); });
}
void tell_visit(const VisitEvent& e) {
  Observers::tell([&](Observer& o) { o.on_visit(e); });
}
void tell_visited(const VisitEvent& e) {
  Observers::tell([&](Observer& o) { o.on_visited(e); });
}
void tell_accumulate(const AccumulateEvent& e) {
  Observers::tell([&](Observer& o) { o.on_accumulate(e); });
}
void tell_tape_begin(const Tape& tape) {
  Observers::tell([&](Observer& o) { o.on_tape_begin(tape); });
}
void tell_tape_end(const Tape& tape) noexcept {
  Observers::tell_last([&](Observer& o) { o.on_tape_end(tape); });
}
void tell_scope(const ScopeEvent& e) {
  Observers::tell([&](Observer& o) { o.on_scope(e); });
}
void tell_scope_end(const ScopeEvent& e) noexcept {
  Observers::tell_last([&](Observer& o) { o.on_scope(e); });
}

}  // namespace detail

void BackwardPass::tell_walk(bool begins) const {
  const WalkEvent e{tape_, start_, what_, where_, record_, room_->needs()};
  Observers::tell([&](Observer& o) { begins ? o.on_walk_begin(e) : o.on_walk_end(e); });
}

Observing::Observing(Observer& observer)
    : attached_(std::make_shared<Attached>(observer, observer.wants_contributions())) {
  if (list_is_gone) return;
  attached_->outer = std::exchange(list().newest, attached_);
  Observers::changed();
}

// On another thread than its own this is enough: its own one skips what has ended, and forgets it in time.
Observing::~Observing() {
  attached_->ended.store(true, std::memory_order_release);
  Observers::changed();
}

}  // namespace gradus

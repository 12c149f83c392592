// Telling the observers of this thread what happens.
#pragma once

#include <atomic>
#include <exception>
#include <memory>

#include <gradus/observe.hpp>

#include "tape/guards.hpp"

namespace gradus::detail {

// One observer of one thread. Shared by the thread's list and by the Observing, which may end on another thread.
struct Attached {
  Attached(Observer& o, bool wants_contributions) : observer(&o), contributions(wants_contributions) {}
  Observer* observer;
  bool contributions;
  std::shared_ptr<Attached> outer;  // the one attached before
  std::atomic<bool> ended = false;
};

// Callers ask observed() first: with nobody attached that one branch is all there is.
struct Observers {
  // Calls f for each, the newest first. They may read any numbers, in a recorded rule too. First throws what an
  // observer has thrown in a destructor since.
  template <class F>
  static void tell(const F& f) {
    rethrow();
    const Reads freely(nullptr);
    for (std::shared_ptr<Attached> a = newest(); a; a = a->outer)
      if (!a->ended.load(std::memory_order_acquire)) f(*a->observer);
  }
  // The same from a destructor. What an observer throws is kept for the next call of tell() or the next tape; it is
  // dropped where another exception is on its way already.
  template <class F>
  static void tell_last(const F& f) noexcept {
    const int on_their_way = std::uncaught_exceptions();
    const Reads freely(nullptr);
    for (std::shared_ptr<Attached> a = newest(); a; a = a->outer) {
      if (a->ended.load(std::memory_order_acquire)) continue;
      try {
        f(*a->observer);
      } catch (...) {
        if (on_their_way == 0) keep(std::current_exception());
      }
    }
  }
  // The same, but what an observer throws is dropped.
  template <class F>
  static void tell_quietly(const F& f) noexcept {
    const Reads freely(nullptr);
    for (std::shared_ptr<Attached> a = newest(); a; a = a->outer) {
      if (a->ended.load(std::memory_order_acquire)) continue;
      try {
        f(*a->observer);
      } catch (...) {}
    }
  }
  static void rethrow();
  static void changed();  // sets the thread's hooks by who is attached

 private:
  static std::shared_ptr<Attached> newest();
  static void keep(std::exception_ptr thrown) noexcept;
};

// What is told on hot paths stands apart, so that those have no observer code to spill registers for.
[[gnu::cold]] void tell_record(const RecordEvent& e);
[[gnu::cold]] void tell_contribution(const ContributionEvent& e);
[[gnu::cold]] void tell_visit(const VisitEvent& e);
[[gnu::cold]] void tell_visited(const VisitEvent& e);
[[gnu::cold]] void tell_accumulate(const AccumulateEvent& e);
[[gnu::cold]] void tell_tape_begin(const Tape& tape);
[[gnu::cold]] void tell_tape_end(const Tape& tape) noexcept;
[[gnu::cold]] void tell_scope(const ScopeEvent& e);
[[gnu::cold]] void tell_scope_end(const ScopeEvent& e) noexcept;

// What the library does for itself nobody sees until the end of the scope.
class Unobserved {
 public:
  Unobserved() {
    ++thread_state().quiet;
    thread_state().hooks = nullptr;
  }
  ~Unobserved() {
    --thread_state().quiet;
    if (thread_state().attached) Observers::changed();
  }
  Unobserved(const Unobserved&) = delete;
  Unobserved& operator=(const Unobserved&) = delete;
};

// The first tape of a thread is about to be made: GRADUS_TRACE may ask for an observer. The one call upward, to
// src/study/trace/trace.cpp. It is a direct call, so a static link pulls in trace.o.
void observe_by_environment();

// Likewise for GRADUS_DOCTOR, in src/train/diagnosis/environment.cpp.
void diagnose_by_environment();

}  // namespace gradus::detail

// What changes the state of this thread for a scope, and puts it back however the scope is left.
#pragma once

#include "tape/state.hpp"

namespace gradus::detail {

// Puts the thread's tape aside, so that a function can use a tape of its own under a live one.
class Aside {
 public:
  Aside() : before_(thread_state()) {
    if (before_.tape) before_.tape->state().holder = &before_;
    ThreadState& s = thread_state();
    s.tape = nullptr;
    s.tape_id = 0;
    s.recording = true;
    s.at_set = false;
    s.on_read = nullptr;
  }
  ~Aside() {
    ThreadState& s = thread_state();
    before_.hooks = s.hooks;  // observers may have come or gone meanwhile
    before_.quiet = s.quiet;
    before_.attached = s.attached;
    s = before_;
    if (s.tape) s.tape->state().holder = &s;
  }
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;

 private:
  ThreadState before_;
};

// Sets recording and the user's line.
class Inside {
 public:
  Inside(bool recording, Loc at)
      : before_(thread_state().recording), set_(thread_state().at_set), at_(thread_state().at) {
    ThreadState& s = thread_state();
    s.recording = recording;
    s.at_set = true;
    s.at = at;
  }
  ~Inside() {
    ThreadState& s = thread_state();
    s.recording = before_;
    s.at_set = set_;
    s.at = at_;
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  bool before_, set_;
  Loc at_;
};

// Calls `check` for each tensor whose numbers are read; null: nobody minds.
class Reads {
 public:
  explicit Reads(ReadCheck check) : before_(std::exchange(thread_state().on_read, check)) {}
  ~Reads() { thread_state().on_read = before_; }
  Reads(const Reads&) = delete;
  Reads& operator=(const Reads&) = delete;

 private:
  ReadCheck before_;
};

}  // namespace gradus::detail

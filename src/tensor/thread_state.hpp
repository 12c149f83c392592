// What a thread has: its tape as the floors below the tape see it, its observers, and the line of the user's call.
#pragma once

#include <cstdint>

#include <gradus/error.hpp>

namespace gradus {
class Tape;
class Tensor;
}  // namespace gradus

namespace gradus::detail {

// What this floor reports to observers. The tape's floor, above, passes it on.
struct Hooks {
  bool contributions;  // whether an observer wants them, and the steps
  void (*mutation)(const Tensor&, const char* what, Loc);
  void (*zero_grad)(const Tensor& leaf);
  void (*error)(const Error&) noexcept;
};

// Called before numbers are read: item(), at(), data() or to_vector(), at that line.
using ReadCheck = void (*)(const Tensor& x, const char* call, Loc where);

// The thread's tape as the floors below the tape see it.
struct ThreadState {
  Tape* tape = nullptr;
  std::uint64_t tape_id = 0;
  bool recording = true;         // off inside NoRecord, forwards and unrecorded walks
  bool at_set = false;           // an At is open
  Loc at;                        // the line of that At
  const Hooks* hooks = nullptr;  // set while observers are attached and none is quiet
  bool attached = false;         // is there an observer, quiet or not?
  int quiet = 0;                 // how many Unobserved are open
  ReadCheck on_read = nullptr;   // set while the rule of an operation runs in a recorded walk
};
inline ThreadState& thread_state() {
  static constinit thread_local ThreadState state;
  return state;
}
// Null without observers: that branch is all they cost then. A test compiles it away to measure it.
inline const Hooks* observed() {
#ifdef GRADUS_UNWATCHED
  return nullptr;
#else
  return thread_state().hooks;
#endif
}
inline void check_read(const Tensor& x, const char* call, Loc where) {
  if (const ReadCheck check = thread_state().on_read) [[unlikely]]
    check(x, call, where);
}
// The line of the user's call: that of the open At, else where.
inline Loc user_line(Loc where) {
  const ThreadState& s = thread_state();
  return s.at_set ? s.at : where;
}

}  // namespace gradus::detail

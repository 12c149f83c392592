// What a tape holds. Nodes live in chunks that the next tape of the thread uses again.
#pragma once

#include <vector>

#include <gradus/observe.hpp>
#include <gradus/op.hpp>

#include "tensor/impl.hpp"

namespace gradus::detail {

// The number of bits set; std::popcount is a library call on baseline x86-64.
constexpr int bits(std::uint32_t mask) {
  int n = 0;
  for (; mask; mask &= mask - 1) ++n;
  return n;
}

struct Saved {
  Tensor tensor;
  std::uint32_t version = 0;
};

// One operation as it was run, or a leaf. Its index on the tape is the value's number and the gradient's slot.
struct Node {
  const OpTable* op = nullptr;  // null for leaves and constants, whose tensor is saved[0]
  void* attributes = nullptr;   // the operation itself, in `room` or in a pooled block
  Loc where;
  std::int32_t scope = -1;
  std::uint32_t mask = 0;  // which saves it has; they stand in the order of the bits
  DType dtype = f32;
  bool constant = false;
  std::uint16_t released = 0;  // by which call: 1 + the index into TapeState::releases
  std::int32_t inputs = 0;
  std::int32_t* in;  // node numbers, -1 for a constant that was not kept; in `in_room` or pooled
  Saved* saved;      // in `saved_room` or pooled
  Shape shape;
  std::int32_t in_room[4];
  Saved saved_room[3];
  alignas(std::max_align_t) std::byte room[80];  // an attribute or two, or one shape

  Node() : in(in_room), saved(saved_room) {}
  ~Node();
  void set_attributes(const OpTable& table, const void* op);
  void reserve_inputs(int count);
  void reserve_saves(std::uint32_t which);
  void release() noexcept;
};

// Which node a leaf has: open addressing by the tensor's identity. In the tape, not in the tensor, so that threads can
// share leaves.
class LeafTable {
 public:
  int find(const TensorImpl* leaf) const;  // -1: not here
  void insert(const TensorImpl* leaf, int node);
  void clear();

 private:
  struct Entry {
    const TensorImpl* leaf = nullptr;
    int node = -1;
  };
  std::size_t place(const TensorImpl* leaf) const;
  std::vector<Entry> entries_;
  std::size_t used_ = 0;
};

struct ScopeEntry {
  const char* name;
  int parent;
};

struct TapeState {
  static constexpr unsigned chunk = 256;

  std::uint64_t id = 0;
  TapeOptions options;
  Loc where;
  int size = 0;
  bool watching = false;
  int scope = -1;
  std::vector<Node*> chunks;
  std::vector<int> leaves;  // node numbers, constants included
  std::vector<ScopeEntry> scopes;
  std::vector<Loc> releases;
  LeafTable table;
  std::vector<Tensor> spare_slots;  // lent to the walk

  static TapeState* take();  // the thread's spare one, or a new one
  void give_back();          // emptied, for the next tape of the thread
  ~TapeState();
  Node& operator[](int i) {
    const auto at = static_cast<unsigned>(i);
    return chunks[at / chunk][at % chunk];
  }
  Node& append();
  int leaf(const Tensor& x, bool constant, Loc at);
  void clear();
};

// Looks a tensor up: its node number if it is on the live tape; throws if it belongs to a tape that has ended.
int node_of(const Tensor& x, const char* operation, Loc where);

// Puts the thread's tape aside, so that a function can use one of its own under a live tape.
class Aside {
 public:
  Aside() : before_(thread_state()) {
    ThreadState& s = thread_state();
    s.tape = nullptr, s.tape_id = 0, s.recording = true, s.at_set = false;
  }
  ~Aside() {  // observers may have come or gone meanwhile
    before_.hooks = thread_state().hooks, before_.quiet = thread_state().quiet;
    thread_state() = before_;
  }
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;

 private:
  ThreadState before_;
};

// Restores recording and the user's line however a scope is left.
class Inside {
 public:
  Inside(bool recording, Loc at)
      : before_(thread_state().recording), set_(thread_state().at_set), at_(thread_state().at) {
    ThreadState& s = thread_state();
    s.recording = recording, s.at_set = true, s.at = at;
  }
  ~Inside() {
    ThreadState& s = thread_state();
    s.recording = before_, s.at_set = set_, s.at = at_;
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  bool before_, set_;
  Loc at_;
};

// The observers of this thread, the newest first.
struct Observers {
  static Observing*& newest() {
    static constinit thread_local Observing* o = nullptr;
    return o;
  }
  // Calls f for each. Callers ask observed() first: with nobody there that one branch is all there is.
  template <class F>
  static void tell(const F& f) {
    for (Observing* o = newest(); o; o = o->outer_) f(*o->observer_);
  }
  static void changed();  // sets the thread's hooks by who is attached
};

// What the library does for itself is its own business: until the end of the scope nobody sees it.
class Unobserved {
 public:
  Unobserved() { ++thread_state().quiet, thread_state().hooks = nullptr; }
  ~Unobserved() { --thread_state().quiet, Observers::changed(); }
  Unobserved(const Unobserved&) = delete;
  Unobserved& operator=(const Unobserved&) = delete;
};

// The first tape of a thread is about to be made: GRADUS_TRACE may ask for an observer. The one call upward, to
// src/study/trace/trace.cpp, and a plain one, so that a static library brings what it needs along.
void observe_by_environment();

}  // namespace gradus::detail

// What a Tensor refers to: a view (shape, strides, first element) into counted storage, and its place on a tape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <gradus/tensor.hpp>

namespace gradus {
class Tape;
}

namespace gradus::detail {

// The head of a pooled block. Behind it lies room for the TensorImpl that the block was made with, so that a tensor
// costs one allocation, and then, 64-byte aligned, the numbers.
struct alignas(64) Storage : Counted {
  std::uint32_t version = 0;
  std::size_t bytes = 0;
  const char* changed_by = nullptr;  // the last in-place change, for the error of a walk that meets it
  Loc changed_at;
  inline std::byte* data();
};

struct TensorImpl : TensorHead {
  Storage* storage = nullptr;
  Storage* home =
      nullptr;  // the block this lies in (a reference of its own only if it is not storage); null: pooled alone
  std::byte* data = nullptr;  // the first element, within storage
  Tensor grad;
  std::unique_ptr<std::string> name;
  // Of a Parameter: its longest name in a state dict so far, "" before the first; null for other tensors.
  std::atomic<const char*> path = nullptr;
  std::atomic<bool> listed = false;  // given to an optimizer, or listed by a module that was called

  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data);
  }
  bool sole_owner() const {  // may its numbers be overwritten without anybody noticing?
    return count.load(std::memory_order_acquire) == 1 && storage->count.load(std::memory_order_acquire) == 1;
  }
};

// The first element of x. Nothing is checked: x must be defined and hold T.
template <class T>
T* data(const Tensor& x) {
  return x.impl()->as<T>();
}

inline constexpr std::size_t impl_room = (sizeof(TensorImpl) + 63) / 64 * 64;
inline std::byte* Storage::data() { return reinterpret_cast<std::byte*>(this + 1) + impl_room; }
void release_storage(Storage* s) noexcept;  // one reference; null is fine

Tensor empty(const Shape& shape, DType dtype);  // uninitialised, contiguous
// Another view of x's storage; offset in elements from x's first.
Tensor view(const Tensor& x, const Shape& shape, const Shape& strides, std::int64_t offset = 0);
Tensor alias(const Tensor& x);  // the same view, off every tape
Shape row_major(const Shape& shape);

// The dense copy of x if it is not contiguous, else x itself. Not recorded.
Tensor dense(const Tensor& x);

// Marks x as changed in place; throws if it is on a tape or overlaps itself (an expanded view).
void changed(const Tensor& x, const char* by, Loc where);

std::int64_t normal_axis(std::int64_t axis, int dims, const char* operation,
                         Loc where);                                              // negative counts from the end
Shape normal_axes(const Axes& axes, int dims, const char* operation, Loc where);  // sorted; none given: all
[[noreturn]] void refuse_undefined_tensor(const char* operation, Loc where);
inline void check_defined(const Tensor& x, const char* operation, Loc where) {
  if (!x.defined()) refuse_undefined_tensor(operation, where);
}

// Calls f<T>() with the element type T of dtype.
template <class F>
decltype(auto) visit(DType dtype, F&& f) {
  switch (dtype) {
    case DType::f32:
      return f.template operator()<float>();
    case DType::f64:
      return f.template operator()<double>();
    case DType::i64:
      return f.template operator()<std::int64_t>();
    default:
      return f.template operator()<bool>();
  }
}
// The same where dtype is f32 or f64.
template <class F>
decltype(auto) visit_floating(DType dtype, F&& f) {
  return dtype == f32 ? f.template operator()<float>() : f.template operator()<double>();
}

// What this floor tells observers; the tape's floor, above, passes it on.
struct Hooks {
  bool contributions;  // does somebody want them, and steps?
  void (*mutation)(const Tensor&, const char* what, Loc);
  void (*zero_grad)(const Tensor& leaf);
};

// Bits of TensorHead::origin, for messages about a tensor that nothing was recorded for. Results of constants inherit
// them.
enum Origin : std::uint8_t {
  from_frozen = 1,    // requires_grad_(false)
  from_gradient = 2,  // of a walk that was not recorded
  from_discrete = 4,  // a result without derivative: to(i64)
};

// Told of numbers that are read: item(), at(), data() or to_vector(), at that line.
using ReadCheck = void (*)(const Tensor& x, const char* call, Loc where);

// The thread's tape as the floors below the tape see it.
struct ThreadState {
  Tape* tape = nullptr;
  std::uint64_t tape_id = 0;
  bool recording = true;         // off inside NoRecord, forwards and unrecorded walks
  bool at_set = false;           // an At is open …
  Loc at;                        // … with this line
  const Hooks* hooks = nullptr;  // set while observers are attached, and not quiet
  int quiet = 0;                 // how many Unobserved are open
  ReadCheck on_read = nullptr;   // set while the rule of an operation runs in a recorded walk
};
inline ThreadState& thread_state() {
  static constinit thread_local ThreadState state;
  return state;
}
// Is anybody watching? With nobody this branch is all that observers cost. A test compiles it away to measure that.
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
inline Loc user_line(Loc where) {
  const ThreadState& s = thread_state();
  return s.at_set ? s.at : where;
}

}  // namespace gradus::detail

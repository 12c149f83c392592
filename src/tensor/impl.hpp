// What a Tensor refers to: a view (shape, strides, first element) into counted storage, and its place on a tape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <gradus/tensor.hpp>

#include "tensor/axes.hpp"
#include "tensor/thread_state.hpp"

namespace gradus::detail {

// The head of a pooled block. Behind it lies the TensorImpl that the block was made with, so that a tensor costs one
// allocation, and then the numbers: see numbers_at().
struct Storage : Counted {
  std::uint32_t version = 0;
  std::size_t bytes = 0;
  const char* changed_by = nullptr;  // the last in-place change, for the error of a walk that finds it
  Loc changed_at;
};

// What few tensors have.
struct Extras {
  std::string name;
  // Of a Parameter: its longest name in a state dict so far, "" before the first; null for other tensors.
  std::atomic<const char*> path = nullptr;
};

struct TensorImpl : TensorHead {
  Storage* storage = nullptr;
  std::byte* data = nullptr;  // the first element, within storage
  Tensor grad;
  std::atomic<Extras*> extras = nullptr;  // once set, it stays

  ~TensorImpl() { delete extras.load(std::memory_order_relaxed); }
  // The block that this lies in, with a reference of its own only if it is not storage; null: pooled alone.
  Storage* home() { return in_block ? reinterpret_cast<Storage*>(this) - 1 : nullptr; }
  Extras& extra();  // made if there are none; two threads may ask at once
  const char* path() const {
    const Extras* e = extras.load(std::memory_order_acquire);
    return e ? e->path.load(std::memory_order_relaxed) : nullptr;
  }

  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data);
  }
  bool sole_owner() const {  // no other handle and no view can see its numbers
    return count.load(std::memory_order_acquire) == 1 && storage->count.load(std::memory_order_acquire) == 1;
  }
};

// The first element of x. Nothing is checked: x must be defined and hold T.
template <class T>
T* data(const Tensor& x) {
  return x.impl()->as<T>();
}

// Where in a block its numbers begin: at a multiple of 64; one number lies in the gap before that.
constexpr std::size_t numbers_at(std::size_t bytes) {
  constexpr std::size_t heads = sizeof(Storage) + sizeof(TensorImpl), aligned = (heads + 63) / 64 * 64;
  return bytes <= 8 && heads + bytes <= aligned ? heads : aligned;
}
void release_storage(Storage* s) noexcept;  // one reference; null is fine

Tensor empty(const Shape& shape, DType dtype);  // uninitialised, contiguous
// Another view of x's storage; offset in elements from x's first.
Tensor view(const Tensor& x, const Shape& shape, const Shape& strides, std::int64_t offset = 0);
Tensor alias(const Tensor& x);  // the same view, off every tape
Shape row_major(const Shape& shape);

// The dense copy of x if it is not contiguous, else x itself. Not recorded.
Tensor dense(const Tensor& x);

// Marks x as changed in place. An error if it is on a tape or several of its elements are one (an expanded view).
void changed(const Tensor& x, const char* by, Loc where);

[[noreturn]] void refuse_undefined_tensor(const char* operation, Loc where);
inline void check_defined(const Tensor& x, const char* operation, Loc where) {
  if (!x.defined()) refuse_undefined_tensor(operation, where);
}
// What a member function `name` reads: an error if x is undefined.
inline const TensorImpl& impl_of(const Tensor& x, const char* name, Loc where) {
  check_defined(x, name, where);
  return *x.impl();
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

// Bits of TensorHead::origin, for messages about a tensor that nothing was recorded for. Results of constants inherit
// them.
enum Origin : std::uint8_t {
  from_frozen = 1,    // requires_grad_(false)
  from_gradient = 2,  // of a walk that was not recorded
  from_discrete = 4,  // a result without derivative: to(i64)
};

}  // namespace gradus::detail

// One entry of a tape: an operation as it was run, or a leaf or constant.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

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

// Its index on the tape is the value's number and the gradient's slot. A tape has very many, so they are small: what
// most of them have lies inside, in the rooms, and what does not fit in a pooled block that a room points to.
struct Node {
  const OpTable* op = nullptr;  // null for leaves and constants, whose tensor is saved()[0]
  Loc where;
  std::int32_t scope = -1;
  std::int32_t inputs = 0;
  std::uint16_t mask = 0;      // which saves it has; they stand in the order of the bits
  std::uint16_t released = 0;  // by which call: 1 + the index into TapeState::releases
  DType dtype = f32;
  bool constant = false;
  std::uint8_t axes = 0;   // of its shape
  std::uint8_t saves = 0;  // the number of bits in mask

  Node() {}
  ~Node() {
    if (saves) release();
    if (axes > shape_here || inputs > inputs_here || (op && (op->destroy || op->size > sizeof attributes_))) destroy();
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // ---- as it is recorded, each once ----
  void set_operation(const OpTable& table, const void* self);
  void set_shape(const Shape& shape) {
    const int count = shape.size();
    auto* to = count > shape_here ? pooled_shape(count) : reinterpret_cast<std::int64_t*>(shape_);
    for (int i = 0; i < count; ++i) to[i] = shape.begin()[i];
    axes = static_cast<std::uint8_t>(count);
  }
  void set_inputs(const std::int32_t (&from)[8], int count) {  // up to eight
    if (count > inputs_here) return set_many_inputs(from, count);
    std::memcpy(in_, from, sizeof in_);  // all that fit, as one move
    inputs = count;
  }
  void set_many_inputs(const std::int32_t* from, int count);
  Saved* reserve_saves(std::uint32_t which) {  // the caller constructs them at once, which cannot fail
    const int count = bits(which);
    Saved* to = count > saves_here ? pooled_saves(count) : reinterpret_cast<Saved*>(saved_);
    mask = static_cast<std::uint16_t>(which);
    saves = static_cast<std::uint8_t>(count);
    return to;
  }

  // ---- as it is read ----
  const void* self() const { return op->size > sizeof attributes_ ? pointer<void>(attributes_) : attributes_; }
  const std::int32_t* in() const {  // node numbers, -1 for a constant that was not kept
    return inputs > inputs_here ? pointer<std::int32_t>(in_) : reinterpret_cast<const std::int32_t*>(in_);
  }
  std::int32_t* in() { return const_cast<std::int32_t*>(static_cast<const Node*>(this)->in()); }
  const Saved* saved() const {
    return saves > saves_here ? pointer<Saved>(saved_) : std::launder(reinterpret_cast<const Saved*>(saved_));
  }
  Saved* saved() { return const_cast<Saved*>(static_cast<const Node*>(this)->saved()); }
  Shape shape() const { return Shape(sizes()); }
  bool has_shape(const Shape& other) const {
    const std::int64_t* const mine = sizes().data();
    bool same = other.size() == axes;
    for (int i = 0; same && i < axes; ++i) same = mine[i] == other.begin()[i];
    return same;
  }
  void release() noexcept {  // drops what was saved
    Saved* const all = saved();
    for (int i = 0; i < saves; ++i) all[i].~Saved();
    if (saves > saves_here) free_pooled_saves(all);
    mask = 0;
    saves = 0;
  }

 private:
  static constexpr int shape_here = 4, inputs_here = 4, saves_here = 3;
  template <class T>
  static T* pointer(const std::byte* room) {
    return *std::launder(reinterpret_cast<T* const*>(room));
  }
  std::span<const std::int64_t> sizes() const {
    return {axes > shape_here ? pointer<std::int64_t>(shape_) : reinterpret_cast<const std::int64_t*>(shape_), axes};
  }
  void destroy() noexcept;
  std::int64_t* pooled_shape(int count);
  Saved* pooled_saves(int count);
  void free_pooled_saves(Saved* all) noexcept;

  alignas(std::int64_t) std::byte shape_[shape_here * sizeof(std::int64_t)];
  alignas(void*) std::byte in_[inputs_here * sizeof(std::int32_t)];
  alignas(Saved) std::byte saved_[saves_here * sizeof(Saved)];
  alignas(std::max_align_t) std::byte attributes_[32];
};

// "mul (train.cpp:12)", for messages about an operation of the tape.
std::string with_line(const Node& n);

}  // namespace gradus::detail

// One entry of a tape: an operation as it was run, or a leaf or constant.
#pragma once

#include <cstddef>
#include <cstdint>

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

// Its index on the tape is the value's number and the gradient's slot.
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

// "mul (train.cpp:12)", for messages about an operation of the tape.
std::string with_line(const Node& n);

}  // namespace gradus::detail

// What a node holds, and where: inside itself, or in pooled blocks when it is large.
#include "tape/node.hpp"

#include <algorithm>

#include "tensor/pool.hpp"

namespace gradus::detail {

namespace {

// A block for `count` of T, whose address stands in the room from then on.
template <class T>
T* pooled(std::byte* room, int count) {
  auto* block = static_cast<T*>(pool_allocate(static_cast<std::size_t>(count) * sizeof(T)));
  new (room) T*(block);
  return block;
}

}  // namespace

void Node::destroy() noexcept {
  if (op && op->destroy) op->destroy(const_cast<void*>(self()));
  if (op && op->size > sizeof attributes_) pool_free(pointer<void>(attributes_), op->size);
  if (inputs > inputs_here) pool_free(in(), static_cast<std::size_t>(inputs) * sizeof(std::int32_t));
  if (axes > shape_here) pool_free(pointer<std::int64_t>(shape_), axes * sizeof(std::int64_t));
}

void Node::set_operation(const OpTable& table, const void* from) {
  if (table.size > sizeof attributes_) {
    void* to = pool_allocate(table.size);
    try {
      table.copy(to, from);
    } catch (...) {
      pool_free(to, table.size);
      throw;
    }
    new (attributes_) void*(to);
  } else if (table.size) {
    table.copy(attributes_, from);
  }
  op = &table;
}

void Node::set_shape(const Shape& shape) {
  const int count = shape.size();
  auto* to = count > shape_here ? pooled<std::int64_t>(shape_, count) : reinterpret_cast<std::int64_t*>(shape_);
  for (int i = 0; i < count; ++i) to[i] = shape.begin()[i];
  axes = static_cast<std::uint8_t>(count);
}

void Node::set_many_inputs(const std::int32_t* from, int count) {
  std::copy_n(from, count, pooled<std::int32_t>(in_, count));
  inputs = count;
}

Saved* Node::reserve_saves(std::uint32_t which) {
  const int count = bits(which);
  Saved* to = count > saves_here ? pooled<Saved>(saved_, count) : reinterpret_cast<Saved*>(saved_);
  mask = static_cast<std::uint16_t>(which);
  saves = static_cast<std::uint8_t>(count);
  return to;
}

void Node::release() noexcept {
  Saved* const all = saved();
  for (int i = 0; i < saves; ++i) all[i].~Saved();
  if (saves > saves_here) pool_free(all, saves * sizeof(Saved));
  mask = 0;
  saves = 0;
}

std::string with_line(const Node& n) { return std::string(n.op->name) + " (" + to_string(n.where) + ")"; }

}  // namespace gradus::detail

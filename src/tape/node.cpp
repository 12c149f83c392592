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

std::int64_t* Node::pooled_shape(int count) { return pooled<std::int64_t>(shape_, count); }

void Node::set_many_inputs(const std::int32_t* from, int count) {
  std::copy_n(from, count, pooled<std::int32_t>(in_, count));
  inputs = count;
}

Saved* Node::pooled_saves(int count) { return pooled<Saved>(saved_, count); }
void Node::free_pooled_saves(Saved* all) noexcept { pool_free(all, saves * sizeof(Saved)); }

std::string with_line(const Node& n) { return std::string(n.op->name) + " (" + to_string(n.where) + ")"; }

}  // namespace gradus::detail

// What a node holds, and where: inside itself, or in pooled blocks when it is large.
#include "tape/node.hpp"

#include "tensor/pool.hpp"

namespace gradus::detail {

Node::~Node() {
  release();
  if (op && op->destroy) op->destroy(attributes);
  if (op && op->size > sizeof room) pool_free(attributes, op->size);
  if (in != in_room) pool_free(in, static_cast<std::size_t>(inputs) * sizeof *in);
}

void Node::set_attributes(const OpTable& table, const void* from) {
  void* to = room;
  if (table.size > sizeof room) {
    to = pool_allocate(table.size);
    try {
      table.copy(to, from);
    } catch (...) {
      pool_free(to, table.size);
      throw;
    }
  } else if (table.size) {
    table.copy(to, from);
  }
  op = &table;
  attributes = to;
}

void Node::reserve_inputs(int count) {
  if (count > 4) in = static_cast<std::int32_t*>(pool_allocate(static_cast<std::size_t>(count) * sizeof *in));
  inputs = count;
}

void Node::reserve_saves(std::uint32_t which) {
  const int count = bits(which);
  if (count > 3) {
    saved = static_cast<Saved*>(pool_allocate(static_cast<std::size_t>(count) * sizeof(Saved)));
    for (int i = 0; i < count; ++i) new (saved + i) Saved;
  }
  mask = which;
}

void Node::release() noexcept {
  const int count = bits(mask);
  if (saved == saved_room) {
    for (int i = 0; i < count; ++i) saved[i].tensor = Tensor();
  } else {
    for (int i = 0; i < count; ++i) saved[i].~Saved();
    pool_free(saved, static_cast<std::size_t>(count) * sizeof(Saved));
    saved = saved_room;
  }
  mask = 0;
}

std::string with_line(const Node& n) { return std::string(n.op->name) + " (" + to_string(n.where) + ")"; }

}  // namespace gradus::detail

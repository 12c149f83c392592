// Where nodes and leaves are kept, and how a tape's memory serves the next one.
#include "tape/state.hpp"

#include <algorithm>

#include "tensor/pool.hpp"

namespace gradus::detail {

// ---- nodes ----

Node::~Node() {
  release();
  if (op && op->destroy) op->destroy(attributes);
  if (op && op->size > sizeof room) pool_free(attributes, op->size);
  if (in != in_room) pool_free(in, static_cast<std::size_t>(inputs) * sizeof *in);
}

void Node::set_attributes(const OpTable& table, const void* from) {
  void* to = table.size > sizeof room ? pool_allocate(table.size) : room;
  if (table.size) table.copy(to, from);
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

// ---- leaves ----

std::size_t LeafTable::place(const TensorImpl* leaf) const {
  const std::size_t last = entries_.size() - 1;
  std::size_t i = (reinterpret_cast<std::uintptr_t>(leaf) >> 6) * 0x9E3779B97F4A7C15u >> 20 & last;
  while (entries_[i].leaf && entries_[i].leaf != leaf) i = (i + 1) & last;
  return i;
}

int LeafTable::find(const TensorImpl* leaf) const { return entries_.empty() ? -1 : entries_[place(leaf)].node; }

void LeafTable::insert(const TensorImpl* leaf, int node) {
  if (2 * ++used_ > entries_.size()) {
    std::vector<Entry> old(std::max<std::size_t>(16, 2 * entries_.size()));
    std::swap(old, entries_);
    for (const Entry& e : old)
      if (e.leaf) entries_[place(e.leaf)] = e;
  }
  entries_[place(leaf)] = {leaf, node};
}

void LeafTable::clear() {
  if (used_) std::fill(entries_.begin(), entries_.end(), Entry{});
  used_ = 0;
}

// ---- the state, recycled from tape to tape ----

namespace {

constinit thread_local TapeState* spare = nullptr;
struct SpareOwner {
  ~SpareOwner() {
    delete spare;
    spare = nullptr;
  }
};

}  // namespace

TapeState* TapeState::take() {
  thread_local SpareOwner owner;
  (void)owner;
  if (spare) return std::exchange(spare, nullptr);
  observe_by_environment();
  return new TapeState;
}

void TapeState::give_back() {
  clear();
  if (spare)
    delete this;
  else
    spare = this;
}

Node& TapeState::append() {
  if (static_cast<std::size_t>(size) == chunks.size() * chunk)
    chunks.push_back(static_cast<Node*>(pool_allocate(chunk * sizeof(Node))));
  return *new (&(*this)[size++]) Node;
}

void TapeState::clear() {
  for (int i = size - 1; i >= 0; --i) (*this)[i].~Node();
  constexpr std::size_t keep = 64;  // a giant tape gives its chunks back to the pool
  while (chunks.size() > keep) {
    pool_free(chunks.back(), chunk * sizeof(Node));
    chunks.pop_back();
  }
  size = 0;
  scope = -1;
  watching = false;
  leaves.clear();
  scopes.clear();
  releases.clear();
  table.clear();
}

TapeState::~TapeState() {
  for (Node* c : chunks) pool_free(c, chunk * sizeof(Node));
}

}  // namespace gradus::detail

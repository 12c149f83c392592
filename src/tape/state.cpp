// How a tape finds its leaves, and how its memory serves the next tape of the thread.
#include "tape/state.hpp"

#include <algorithm>
#include <mutex>

#include "tape/observers.hpp"
#include "tape/unlisted.hpp"
#include "tensor/pool.hpp"

namespace gradus::detail {

// ---- leaves ----

std::size_t LeafTable::place(const TensorImpl* leaf) const {
  const std::size_t last = entries_.size() - 1;
  std::size_t i = (reinterpret_cast<std::uintptr_t>(leaf) >> 6) * 0x9E3779B97F4A7C15u >> 20 & last;
  while (entries_[i].leaf && entries_[i].leaf != leaf) i = (i + 1) & last;
  return i;
}

int LeafTable::find(const TensorImpl* leaf) const { return entries_.empty() ? -1 : entries_[place(leaf)].node; }

LeafTable::Entry& LeafTable::place_for(const TensorImpl* leaf) {
  if (2 * (used_ + 1) > entries_.size()) {
    std::vector<Entry> old(std::max<std::size_t>(16, 2 * entries_.size()));
    std::swap(old, entries_);
    for (const Entry& e : old)
      if (e.leaf) entries_[place(e.leaf)] = e;
  }
  return entries_[place(leaf)];
}

void LeafTable::insert(Entry& at, const TensorImpl* leaf, int node) noexcept {
  if (!at.leaf) ++used_;
  at = {leaf, node};
}

void LeafTable::clear() {
  if (used_) std::fill(entries_.begin(), entries_.end(), Entry{});
  used_ = 0;
}

int TapeState::leaf(const Tensor& x, bool constant, Loc at) {
  LeafTable::Entry& known = table.place_for(x.impl());
  const int found = known.node;
  if (found >= 0 && (*this)[found].constant == constant) return found;
  const int index = size;
  Node& n = append();
  try {
    n.set_shape(x.shape());
    leaves.push_back(index);
  } catch (...) {
    drop_last();
    throw;
  }
  new (n.reserve_saves(in0)) Saved{x, x.impl()->storage->version};
  n.where = at;
  n.scope = scope;
  n.dtype = x.dtype();
  n.constant = constant;
  if (is_news(*x.impl())) [[unlikely]]
    note_unlisted(*x.impl());
  if (found < 0 || !constant)
    table.insert(known, x.impl(), index);  // of a leaf that was frozen meanwhile, the leaf is found
  if (observed()) tell_record({*thread_state().tape, index, x});
  return index;
}

int node_of(const Tensor& x, const char* operation, Loc where) {
  const ThreadState& s = thread_state();
  const TensorImpl& t = *x.impl();
  if (!t.tape) return s.tape ? s.tape->state().table.find(&t) : -1;
  if (t.tape == s.tape_id) return t.node;
  throw Error(
      operation,
      {.wrong = "the tensor belongs to a tape that has ended, or to one of another thread",
       .got = "shape " + to_string(t.shape) + ", node " + std::to_string(t.node) + " of tape " + std::to_string(t.tape),
       .expected = s.tape ? "a tensor of tape " + std::to_string(s.tape_id) + ", a leaf or a constant"
                          : "a leaf or a constant: no tape is live on this thread",
       .advice = "x.detach() keeps its numbers without their history"},
      user_line(where));
}

// ---- nodes ----

Node& TapeState::append() {
  if (static_cast<std::size_t>(size) == chunks.size() * chunk) {
    if (chunks.size() == chunks.capacity()) chunks.reserve(2 * chunks.size() + 8);  // before there is a block to lose
    chunks.push_back(static_cast<Node*>(pool_allocate(chunk * sizeof(Node))));
  }
  return *new (&(*this)[size++]) Node;
}

void TapeState::drop_last() noexcept { (*this)[--size].~Node(); }

// ---- the state, recycled from tape to tape ----

namespace {

constinit thread_local TapeState* spare = nullptr;

// Held while a tape ends on a thread that is not its own, and while a thread that has made tapes ends.
std::mutex ending;

struct SpareOwner {
  ~SpareOwner() {
    delete spare;
    spare = nullptr;
    const std::lock_guard lock(ending);
    if (const Tape* left_open = thread_state().tape) left_open->state().holder = nullptr;
  }
};

}  // namespace

TapeState* TapeState::take() {
  thread_local SpareOwner owner;
  (void)owner;
  if (spare) return std::exchange(spare, nullptr);
  observe_by_environment();
  diagnose_by_environment();
  return new TapeState;
}

void TapeState::give_back() {
  clear();
  if (spare)
    delete this;
  else
    spare = this;
}

void TapeState::end_elsewhere() {
  {
    const std::lock_guard lock(ending);
    if (holder) {
      holder->tape = nullptr;
      holder->tape_id = 0;
    }
  }
  clear();
  delete this;
}

void TapeState::clear() {
  for (; size > 0; --size) (*this)[size - 1].~Node();
  constexpr std::size_t keep = 64;  // a giant tape gives its chunks back to the pool
  while (chunks.size() > keep) {
    pool_free(chunks.back(), chunk * sizeof(Node));
    chunks.pop_back();
  }
  if (spare_room && spare_room->slots.size() > keep * chunk) spare_room.reset();
  holder = nullptr;
  scope = -1;
  rule = -1;
  watching = false;
  size_at_step = 0;
  steps_of_growth = 0;
  leaves.clear();
  scopes.clear();
  releases.clear();
  table.clear();
}

TapeState::~TapeState() {
  for (Node* c : chunks) pool_free(c, chunk * sizeof(Node));
}

}  // namespace gradus::detail

// Blocks of memory, kept in size classes for the next tensor.
#include "tensor/pool.hpp"

#include <bit>
#include <cstdint>
#include <new>
#include <utility>

#include "tensor/depot.hpp"
#include "tensor/environment.hpp"

namespace gradus::detail {
namespace {

constexpr std::size_t linear_limit = 64 * small_classes, keep_at_most = std::size_t{1} << (small_addresses ? 30 : 31);
constexpr long alone = 64;  // so many blocks of a small class come from the system one by one, the others in slabs

struct Class {
  int index;
  std::size_t bytes;
};

constexpr Class large_class(std::size_t bytes) {
  const int octave = static_cast<int>(std::bit_width(bytes - 1)) - 1;  // 2^octave < bytes <= 2^(octave+1)
  const std::size_t step = std::size_t{1} << (octave - 2);
  const std::size_t quarter = (bytes - (std::size_t{1} << octave) + step - 1) / step;  // 1 … 4
  const int index = small_classes + 4 * (octave - 10) + static_cast<int>(quarter) - 1;
  return {index, class_bytes(index)};
}

constexpr std::size_t small_index(std::size_t bytes) { return (bytes - (bytes != 0)) / 64; }

constexpr Class class_of(std::size_t bytes) {
  if (bytes > linear_limit) return large_class(bytes);
  const std::size_t index = small_index(bytes);
  return {static_cast<int>(index), 64 * (index + 1)};
}

// A block returns to the class that it came from, and one byte more is the next.
static_assert([] {
  for (int i = 0; i + 1 < pool_classes; ++i)
    if (class_of(class_bytes(i)).index != i || class_of(class_bytes(i)).bytes != class_bytes(i) ||
        class_of(class_bytes(i) + 1).index != i + 1)
      return false;
  return true;
}());

// What one thread has of one class.
struct List {
  FreeBlock* first = nullptr;
  long away = 0;  // blocks from the system that are not in the list: so many more may come into it

  void* take() {
    ++away;
    return std::exchange(first, first->next);
  }
  void keep(FreeBlock* block) {
    --away;
    block->next = std::exchange(first, block);
  }
};

struct Fresh {  // the part of a slab that was not handed out yet
  std::byte *begin = nullptr, *end = nullptr;
  long alone = 0;
};

struct Pool {
  List lists[pool_classes];
  Fresh fresh[small_classes];
  std::size_t large = 0;  // bytes of the blocks in the lists that are not small
  std::size_t system_calls = 0;

  void* from_elsewhere(Class c) {
    if (FreeBlock* block = Depot::shared().take(c.index)) return block;
    void* const block = c.index < small_classes ? small_block(c) : system_block(c.bytes);
    system_calls += c.index >= small_classes;
    ++lists[c.index].away;
    return block;
  }
  void* small_block(Class c) {
    Fresh& f = fresh[c.index];
    if (f.begin == f.end) {
      ++system_calls;
      if (f.alone < alone) {
        void* const block = system_block(c.bytes);
        ++f.alone;
        return block;
      }
      f.begin = Depot::shared().slab();
      f.end = f.begin + Depot::slab_bytes / c.bytes * c.bytes;
    }
    void* const block = f.begin;
    f.begin += c.bytes;
    return block;
  }
  std::size_t cached() const {
    std::size_t bytes = 0;
    for (int i = 0; i < pool_classes; ++i)
      for (const FreeBlock* b = lists[i].first; b; b = b->next) bytes += class_bytes(i);
    return bytes;
  }
  void clear() noexcept {
    for (int i = 0; i < pool_classes; ++i) {
      List& l = lists[i];
      if (i < small_classes) {
        Fresh& f = fresh[i];
        for (; f.begin != f.end; f.begin += class_bytes(i)) {
          auto* const block = reinterpret_cast<FreeBlock*>(f.begin);
          block->next = l.first;
          l.first = block;
        }
        f = {};
      }
      Depot::shared().to_system_all(i, l.first);
      l.first = nullptr;
    }
    large = 0;
  }
};

// The lists outlive every thread_local with a destructor but their own; tensors freed after that go to the depot.
// On the heap: a library that a program loads late has little room for thread_local variables.
struct Owner {
  Pool* pool = new (std::nothrow) Pool;
  ~Owner();
};
constinit thread_local Pool* current = nullptr;
constinit thread_local bool ended = false;
Owner::~Owner() {
  if (pool) pool->clear();
  delete pool;
  current = nullptr;
  ended = true;
}

Pool* first_use() {
  if (ended) return nullptr;
  thread_local Owner owner;
  return current = owner.pool;  // null if memory ended: then without a pool
}
inline Pool* pool() { return current ? current : first_use(); }
// Out of the way of the usual case: the first tensor of a thread, and tensors after its end.
[[gnu::cold, gnu::noinline]] Pool* checked_first_use() {
  check_environment();
  return first_use();
}

#ifdef GRADUS_NO_POOL
constexpr bool recycle = false;
#else
constexpr bool recycle = true;
#endif

// Of a large class, or where the list is empty.
[[gnu::noinline]] void* allocate_slowly(std::size_t bytes) {
  const Class c = class_of(bytes);
  Pool* const p = current ? current : checked_first_use();
  if (recycle && p) {
    if (c.index >= small_classes && p->lists[c.index].first) {
      p->large -= c.bytes;
      return p->lists[c.index].take();
    }
    return p->from_elsewhere(c);
  }
  if (p) ++p->system_calls;
  return system_block(recycle ? c.bytes : bytes + !bytes);
}

// Of a large class, or where this thread has no pool or keeps enough already.
[[gnu::noinline]] void free_slowly(void* block, std::size_t bytes) noexcept {
  if (!recycle) return to_system(block, bytes + !bytes);
  const Class c = class_of(bytes);
  auto* const free = static_cast<FreeBlock*>(block);
  Pool* const p = pool();
  if (!p || p->lists[c.index].away <= 0) return Depot::shared().give(c.index, free);
  List& l = p->lists[c.index];
  if (c.index >= small_classes) {
    if (p->large + c.bytes > keep_at_most) {
      --l.away;
      return to_system(block, c.bytes);
    }
    p->large += c.bytes;
  }
  l.keep(free);
}

}  // namespace

void* pool_allocate(std::size_t bytes) {
  if (bytes <= linear_limit && recycle) {
    if (Pool* const p = current) {
      List& l = p->lists[small_index(bytes)];
      if (l.first) return l.take();
    }
  }
  return allocate_slowly(bytes);
}

void pool_free(void* block, std::size_t bytes) noexcept {
  if (bytes <= linear_limit && recycle) {
    if (Pool* const p = current) {
      List& l = p->lists[small_index(bytes)];
      if (l.away > 0) return l.keep(static_cast<FreeBlock*>(block));
    }
  }
  free_slowly(block, bytes);
}

}  // namespace gradus::detail

namespace gradus {

MemoryStats memory_stats() {
  const auto* p = detail::pool();
  return p ? MemoryStats{p->cached(), p->system_calls} : MemoryStats{};
}

void empty_cache() {
  if (auto* p = detail::pool()) p->clear();
}

}  // namespace gradus

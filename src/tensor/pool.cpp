// Blocks of memory, kept in size classes for the next tensor.
#include "tensor/pool.hpp"

#if __has_include(<sys/mman.h>)
#include <sys/mman.h>
#endif

#include <bit>
#include <cstdint>
#include <new>

#include "tensor/environment.hpp"

namespace gradus::detail {
namespace {

constexpr std::size_t alignment = 64, linear_limit = 1024, keep_at_most = std::size_t{2} << 30;
constexpr int linear_classes = linear_limit / 64, classes = linear_classes + 4 * 48;

struct Class {
  int index;
  std::size_t bytes;
};

// Up to 1 KiB in steps of 64 bytes, then four steps per doubling: at most a quarter is wasted.
constexpr std::size_t bytes_of(int index) {
  if (index < linear_classes) return 64 * static_cast<std::size_t>(index + 1);
  const int large = index - linear_classes, octave = 10 + large / 4;
  return (std::size_t{1} << octave) + (std::size_t{1} << (octave - 2)) * static_cast<std::size_t>(large % 4 + 1);
}

constexpr Class large_class(std::size_t bytes) {
  const int octave = std::bit_width(bytes - 1) - 1;  // 2^octave < bytes <= 2^(octave+1)
  const std::size_t step = std::size_t{1} << (octave - 2);
  const std::size_t quarter = (bytes - (std::size_t{1} << octave) + step - 1) / step;  // 1 … 4
  const int index = linear_classes + 4 * (octave - 10) + static_cast<int>(quarter) - 1;
  return {index, bytes_of(index)};
}

constexpr Class class_of(std::size_t bytes) {
  if (bytes > linear_limit) return large_class(bytes);
  const std::size_t steps = (bytes + (bytes == 0) + 63) / 64;
  return {static_cast<int>(steps) - 1, steps * 64};
}

// A block returns to the class that it came from, and one byte more is the next.
static_assert([] {
  for (int i = 0; i + 1 < classes; ++i)
    if (class_of(bytes_of(i)).index != i || class_of(bytes_of(i)).bytes != bytes_of(i) ||
        class_of(bytes_of(i) + 1).index != i + 1)
      return false;
  return true;
}());

struct FreeBlock {
  FreeBlock* next;
};

// Large blocks lie on huge pages where the system has any to give: a page fault for 2 MiB, not for each 4 KiB.
constexpr std::size_t huge_page = std::size_t{2} << 20, huge_from = 2 * huge_page;
constexpr std::align_val_t aligned(std::size_t bytes) {
  return std::align_val_t{bytes >= huge_from ? huge_page : alignment};
}

void* take(std::size_t bytes) {
  void* block = ::operator new(bytes, aligned(bytes));
#ifdef MADV_HUGEPAGE
  if (bytes >= huge_from) madvise(block, bytes, MADV_HUGEPAGE);  // a wish: what comes back does not matter
#endif
  return block;
}
void give_back(void* block, std::size_t bytes) noexcept { ::operator delete(block, aligned(bytes)); }

struct Pool {
  FreeBlock* lists[classes] = {};
  MemoryStats stats;

  void clear() noexcept {
    for (int i = 0; i < classes; ++i)
      while (FreeBlock* block = lists[i]) {
        lists[i] = block->next;
        give_back(block, bytes_of(i));
      }
    stats.cached = 0;
  }
};

// The lists outlive every thread_local with a destructor but their own; tensors freed after that go to the system.
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

}  // namespace

void* pool_allocate(std::size_t bytes) {
  const Class c = class_of(bytes);
  Pool* p = current;
  if (!p) [[unlikely]]
    p = checked_first_use();
  if (recycle && p) {
    if (FreeBlock* block = p->lists[c.index]) {
      p->lists[c.index] = block->next;
      p->stats.cached -= c.bytes;
      return block;
    }
  }
  void* block = take(recycle ? c.bytes : bytes + !bytes);
  if (p) ++p->stats.system_calls;
  return block;
}

void pool_free(void* block, std::size_t bytes) noexcept {
  const Class c = class_of(bytes);
  Pool* p = pool();
  if (!recycle) return give_back(block, bytes + !bytes);
  if (!p || p->stats.cached + c.bytes > keep_at_most) return give_back(block, c.bytes);
  auto* free = static_cast<FreeBlock*>(block);
  free->next = p->lists[c.index];
  p->lists[c.index] = free;
  p->stats.cached += c.bytes;
}

}  // namespace gradus::detail

namespace gradus {

MemoryStats memory_stats() {
  auto* p = detail::pool();
  return p ? p->stats : MemoryStats{};
}

void empty_cache() {
  if (auto* p = detail::pool()) p->clear();
}

}  // namespace gradus

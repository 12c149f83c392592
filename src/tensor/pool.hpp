// Memory that is recycled: a steady training loop allocates nothing from the system. A fresh page costs more than the
// arithmetic on it.
#pragma once

#include <cstddef>

namespace gradus::detail {

// 64-byte aligned blocks in size classes, four to each doubling, from lists of this thread. A block freed on another
// thread joins that thread's lists. Throws std::bad_alloc. With sanitizers each call goes to the system, so that they
// see lifetimes.
void* pool_allocate(std::size_t bytes);
void pool_free(void* block, std::size_t bytes) noexcept;  // bytes: as allocated

}  // namespace gradus::detail

namespace gradus {

struct MemoryStats {
  std::size_t cached = 0;        // bytes this thread keeps for later
  std::size_t system_calls = 0;  // blocks this thread has got from the system
};
MemoryStats memory_stats();
void empty_cache();  // gives this thread's cached blocks back

}  // namespace gradus

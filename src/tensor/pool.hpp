// Memory that is recycled: a steady training loop allocates nothing from the system. A fresh page costs more than the
// arithmetic on it.
#pragma once

#include <cstddef>

namespace gradus::detail {

// 64-byte aligned blocks in size classes, four to each doubling, from lists of this thread. A thread keeps as many free
// blocks of a class as it has got from the system; those beyond, of other threads, go to a depot for all (depot.hpp).
// Throws std::bad_alloc. With sanitizers each call goes to the system, so that they see lifetimes.
void* pool_allocate(std::size_t bytes);
void pool_free(void* block, std::size_t bytes) noexcept;  // bytes: as allocated

}  // namespace gradus::detail

namespace gradus {

struct MemoryStats {
  std::size_t cached = 0;        // bytes this thread keeps for later
  std::size_t system_calls = 0;  // blocks this thread has got from the system
};
MemoryStats memory_stats();
void empty_cache();  // gives the free blocks of this thread and of the depot back to the system

}  // namespace gradus

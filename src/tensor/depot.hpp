// What the pools of all threads share: blocks that were freed on another thread than their own, and slabs.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

namespace gradus::detail {

inline constexpr bool small_addresses = sizeof(std::size_t) == 4;
inline constexpr int doublings = small_addresses ? 21 : 48;
inline constexpr int small_classes = 16, pool_classes = small_classes + 4 * doublings;

// Up to 1 KiB in steps of 64 bytes, then four steps per doubling: at most a quarter is wasted.
constexpr std::size_t class_bytes(int index) {
  if (index < small_classes) return 64 * static_cast<std::size_t>(index + 1);
  const int large = index - small_classes, octave = 10 + large / 4;
  return (std::size_t{1} << octave) + (std::size_t{1} << (octave - 2)) * static_cast<std::size_t>(large % 4 + 1);
}

struct FreeBlock {
  FreeBlock* next;
};

void* system_block(std::size_t bytes);  // throws std::bad_alloc
void to_system(void* block, std::size_t bytes) noexcept;

// A thread keeps as many free blocks of a class as it has got from the system itself. What it frees beyond that came
// from another thread, and lies here until a thread needs one: a thread that makes batches for another gets its blocks
// back. Everything but the counts is under the mutex, so the numbers in a block are handed over by it too.
class Depot {
 public:
  static Depot& shared();  // lives on: tensors may be freed when a program ends

  void give(int index, FreeBlock* block) noexcept;
  // The number of blocks is read without the mutex: a block that is missed is taken the next time.
  FreeBlock* take(int index) noexcept {
    return counts_[index].load(std::memory_order_relaxed) ? taken(index) : nullptr;
  }

  // Memory for many small blocks of one class, which then cost no head of the system's each.
  static constexpr std::size_t slab_bytes = std::size_t{1} << 18;
  std::byte* slab();  // throws std::bad_alloc

  // Gives back to the system the blocks of the list and those that lie here: single blocks, and slabs whose blocks are
  // all free. The rest stays here.
  void to_system_all(int index, FreeBlock* list) noexcept;

 private:
  struct Slab {
    std::byte* begin;
    std::size_t free;  // bytes, while they are counted
  };
  FreeBlock* taken(int index) noexcept;
  std::vector<Slab>::iterator slab_after(const std::byte* at) noexcept;
  Slab* slab_of(const void* block) noexcept;  // null: a single block

  std::mutex mutex_;
  std::atomic<std::size_t> counts_[pool_classes] = {};
  FreeBlock* lists_[pool_classes] = {};
  std::size_t bytes_ = 0;    // of all blocks here
  std::vector<Slab> slabs_;  // by address
};

}  // namespace gradus::detail

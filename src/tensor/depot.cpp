// Blocks that change their thread, slabs, and the way to the system.
#include "tensor/depot.hpp"

#if __has_include(<sys/mman.h>)
#include <sys/mman.h>
#endif

#include <algorithm>
#include <cstdint>
#include <new>

namespace gradus::detail {

namespace {

constexpr std::size_t alignment = 64, keep_at_most = std::size_t{1} << (small_addresses ? 30 : 31);

// Large blocks lie on huge pages where the system has any to give: a page fault for 2 MiB, not for each 4 KiB.
constexpr std::size_t huge_page = std::size_t{2} << 20, huge_from = small_addresses ? SIZE_MAX : 2 * huge_page;
constexpr std::align_val_t aligned(std::size_t bytes) {
  return std::align_val_t{bytes >= huge_from ? huge_page : alignment};
}

}  // namespace

void* system_block(std::size_t bytes) {
  void* block = ::operator new(bytes, aligned(bytes));
#ifdef MADV_HUGEPAGE
  if (bytes >= huge_from) madvise(block, bytes, MADV_HUGEPAGE);  // a wish: what comes back does not matter
#endif
  return block;
}

void to_system(void* block, std::size_t bytes) noexcept { ::operator delete(block, aligned(bytes)); }

Depot& Depot::shared() {
  static Depot& all = *new Depot;
  return all;
}

void Depot::give(int index, FreeBlock* block) noexcept {
  const std::size_t bytes = class_bytes(index);
  {
    const std::lock_guard lock(mutex_);
    if (index < small_classes || bytes_ + bytes <= keep_at_most) {
      block->next = lists_[index];
      lists_[index] = block;
      bytes_ += bytes;
      counts_[index].fetch_add(1, std::memory_order_relaxed);
      return;
    }
  }
  to_system(block, bytes);
}

FreeBlock* Depot::taken(int index) noexcept {
  const std::lock_guard lock(mutex_);
  FreeBlock* const block = lists_[index];
  if (!block) return nullptr;
  lists_[index] = block->next;
  bytes_ -= class_bytes(index);
  counts_[index].fetch_sub(1, std::memory_order_relaxed);
  return block;
}

std::byte* Depot::slab() {
  auto* begin = static_cast<std::byte*>(system_block(slab_bytes));
  try {
    const std::lock_guard lock(mutex_);
    slabs_.insert(slab_after(begin), {begin, 0});
  } catch (...) {
    to_system(begin, slab_bytes);
    throw;
  }
  return begin;
}

std::vector<Depot::Slab>::iterator Depot::slab_after(const std::byte* at) noexcept {
  return std::upper_bound(slabs_.begin(), slabs_.end(), at,
                          [](const std::byte* p, const Slab& s) { return p < s.begin; });
}

Depot::Slab* Depot::slab_of(const void* block) noexcept {
  const auto* at = static_cast<const std::byte*>(block);
  const auto next = slab_after(at);
  if (next == slabs_.begin()) return nullptr;
  Slab& s = *(next - 1);
  return at < s.begin + slab_bytes ? &s : nullptr;
}

void Depot::to_system_all(int index, FreeBlock* list) noexcept {
  const std::size_t bytes = class_bytes(index), whole = slab_bytes / bytes * bytes;
  const bool small = index < small_classes;
  const std::lock_guard lock(mutex_);
  if (small)
    for (Slab& s : slabs_) s.free = 0;
  FreeBlock* in_slabs = nullptr;
  const auto sort = [&](FreeBlock* blocks) {
    while (FreeBlock* const block = blocks) {
      blocks = block->next;
      if (Slab* const s = small ? slab_of(block) : nullptr) {
        s->free += bytes;
        block->next = in_slabs;
        in_slabs = block;
      } else {
        to_system(block, bytes);
      }
    }
  };
  sort(list);
  sort(lists_[index]);
  bytes_ -= bytes * counts_[index].load(std::memory_order_relaxed);
  lists_[index] = nullptr;
  if (!small) return counts_[index].store(0, std::memory_order_relaxed);
  std::size_t left = 0;
  while (FreeBlock* const block = in_slabs) {
    in_slabs = block->next;
    if (slab_of(block)->free == whole) continue;
    block->next = lists_[index];
    lists_[index] = block;
    ++left;
  }
  bytes_ += bytes * left;
  counts_[index].store(left, std::memory_order_relaxed);
  std::erase_if(slabs_, [&](const Slab& s) {
    if (s.free != whole) return false;
    to_system(s.begin, slab_bytes);
    return true;
  });
}

}  // namespace gradus::detail

// The memory of a large tensor that is about to be read.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

namespace gradus::io {

// Large tensors lie on huge pages (src/tensor/pool.cpp). Of the last one, only what is used shall take memory: a file
// of many tensors would need up to 2 MiB more for each. Call it before the numbers are written.
inline void spare_tail([[maybe_unused]] void* data, [[maybe_unused]] std::size_t bytes) {
#ifdef MADV_NOHUGEPAGE
  constexpr std::uintptr_t huge_page = std::uintptr_t{2} << 20;
  if (bytes < 2 * huge_page) return;
  const std::uintptr_t end = reinterpret_cast<std::uintptr_t>(data) + bytes, last = end / huge_page * huge_page;
  if (end != last) madvise(reinterpret_cast<void*>(last), huge_page, MADV_NOHUGEPAGE);  // a wish, as it was there
#endif
}

}  // namespace gradus::io

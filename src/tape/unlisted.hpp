// A Parameter that a tape records before any module or optimizer lists it: the modules look for it in their next calls.
#pragma once

#include <atomic>

#include "tensor/impl.hpp"

namespace gradus::detail {

// How many more calls of modules are looked through. A call that does not reach the leaf finds nothing, so there are
// some; but a leaf that no module uses must not cost each call for ever.
inline std::atomic<int> checks_due{0};
inline constexpr int checks_for_a_leaf = 32;

// The path of a Parameter that has been seen as a leaf and has no name yet.
inline constexpr char seen_unlisted[] = "";

inline bool is_news(const TensorImpl& leaf) {
  const char* const path = leaf.path();
  return path && !leaf.listed.load(std::memory_order_relaxed) && !*path && path != seen_unlisted;
}

inline void note_unlisted(TensorImpl& leaf) {
  leaf.extra().path.store(seen_unlisted, std::memory_order_relaxed);
  checks_due.store(checks_for_a_leaf, std::memory_order_relaxed);
}

}  // namespace gradus::detail

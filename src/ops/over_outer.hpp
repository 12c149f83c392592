// Kernels of reductions and scans, in pieces for the thread pool.
#pragma once

#include "ops/common.hpp"

namespace gradus::detail {

// Runs kernel(outer, n, inner, x, y) on pieces of the outer axis.
template <class T, class Y, class Kernel>
void over_outer(const Block& b, Kernel kernel, std::int64_t step, Y* y) {
  const T* x = data<T>(b.x);
  const std::int64_t each = b.n * b.inner;
  if (b.outer * each < 2 * grain) return kernel(b.outer, b.n, b.inner, x, y);
  kernels::parallel_for(b.outer, std::max<std::int64_t>(1, grain / each), [&](std::int64_t begin, std::int64_t end) {
    kernel(end - begin, b.n, b.inner, x + begin * each, y + begin * step);
  });
}

}  // namespace gradus::detail

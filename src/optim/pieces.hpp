// A parameter as the fused kernels want it: contiguous, in pieces for the thread pool.
#pragma once

#include <gradus/optim/optimizer.hpp>

#include "tensor/loops.hpp"

namespace gradus::detail {

// Calls f(p, g, begin, n) with typed pointers to the numbers of a parameter and of its gradient, for pieces [begin,
// begin + n).
template <class F>
void for_pieces(const Tensor& p, const Tensor& g, const F& f) {
  if (!p.impl()->contiguous || !g.impl()->contiguous) {
    const Tensor copy = dense(p);
    for_pieces(copy, dense(g), f);
    if (!copy.is_same(p)) assign_strided(*copy.impl(), *p.impl());
    return;
  }
  visit_floating(p.dtype(), [&]<class T>() {
    T* const to = data<T>(p);
    const T* const from = data<T>(g);
    const std::int64_t count = p.impl()->numel;
    if (count < 2 * grain) return f(to, from, std::int64_t{0}, count);
    kernels::parallel_for(count, grain, [&](auto begin, auto end) { f(to, from, begin, end - begin); });
  });
}

}  // namespace gradus::detail

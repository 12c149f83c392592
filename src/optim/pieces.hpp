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
  const auto run = [&](auto zero) {
    using T = decltype(zero);
    T* const to = detail::data<T>(p);
    const T* const from = detail::data<T>(g);
    const std::int64_t count = p.impl()->numel;
    if (count < 2 * grain) return f(to, from, std::int64_t{0}, count);
    kernels::parallel_for(count, grain, [&](auto begin, auto end) { f(to, from, begin, end - begin); });
  };
  if (p.dtype() == f32)
    run(float{});
  else
    run(double{});
}

}  // namespace gradus::detail

// Functions of the C library, element by element.
#pragma once

#include "ops/binary.hpp"

namespace gradus::detail {

// y = fn(x), with fn(T) for each number; integers are as they are, where they are taken at all.
template <class F>
Tensor each(const Fwd& f, const Tensor& x, const F& fn, bool takes_integers = false) {
  if (x.dtype() == i64 && takes_integers) return clone(x);
  if (!is_floating(x.dtype())) refuse_dtype(f.name, x.dtype(), f.where);
  const Tensor y = empty(x.shape(), x.dtype());
  visit_floating(x.dtype(), [&]<class T>() {
    const T* from = data<T>(x);
    T* to = data<T>(y);
    for_elements<1>(x.shape(), {x.impl()}, [&](auto n, const auto* o, const auto* s, auto at) {
      for (std::int64_t i = 0; i < n; ++i) to[at + i] = fn(from[o[0] + i * s[0]]);
    });
  });
  return y;
}

// y = fn(a, b), of equal shapes.
template <class T, class F>
void each_pair(const Tensor& a, const Tensor& b, const Tensor& y, const F& fn) {
  const T *left = data<T>(a), *right = data<T>(b);
  T* to = data<T>(y);
  for_elements<2>(a.shape(), {a.impl(), b.impl()}, [&](auto n, const auto* o, const auto* s, auto at) {
    for (std::int64_t i = 0; i < n; ++i) to[at + i] = fn(left[o[0] + i * s[0]], right[o[1] + i * s[1]]);
  });
}

}  // namespace gradus::detail

// The loops. Each rounds as written, so that the bits do not depend on who computes them.
#include "dist/arithmetic.hpp"

#include <cmath>
#include <type_traits>

#include "tensor/impl.hpp"

namespace gradus::dist {
namespace {

// f<T>() for the dtypes that travel.
template <class F>
void for_dtype(DType dtype, F&& f) {
  if (dtype == DType::f32)
    f.template operator()<float>();
  else if (dtype == DType::f64)
    f.template operator()<double>();
  else
    f.template operator()<std::int64_t>();
}

template <class To>
To rounded(double x) {
  if constexpr (std::is_integral_v<To>)
    return static_cast<To>(std::llround(x));
  else
    return static_cast<To>(x);
}

}  // namespace

void add(DType dtype, const void* from, void* to, std::size_t count) {
  for_dtype(dtype, [&]<class T>() {
    const T* a = static_cast<const T*>(from);
    T* b = static_cast<T*>(to);
    for (std::size_t i = 0; i < count; ++i) b[i] = a[i] + b[i];
  });
}

void scale(DType from_dtype, const void* from, double factor, DType to_dtype, void* to, std::size_t count) {
  for_dtype(from_dtype, [&]<class A>() {
    for_dtype(to_dtype, [&]<class B>() {
      const A* a = static_cast<const A*>(from);
      B* b = static_cast<B*>(to);
      const B by = static_cast<B>(factor);
      for (std::size_t i = 0; i < count; ++i) b[i] = by * static_cast<B>(a[i]);
    });
  });
}

void scaled_difference(DType from_dtype, const void* after, const void* before, double factor, DType to_dtype, void* to,
                       std::size_t count) {
  for_dtype(from_dtype, [&]<class A>() {
    for_dtype(to_dtype, [&]<class B>() {
      const A* a = static_cast<const A*>(after);
      const A* b = static_cast<const A*>(before);
      B* c = static_cast<B*>(to);
      const B by = static_cast<B>(factor);
      for (std::size_t i = 0; i < count; ++i) c[i] = by * static_cast<B>(a[i] - b[i]);
    });
  });
}

void divide(DType dtype, const void* from, double by, void* to, std::size_t count) {
  for_dtype(dtype, [&]<class T>() {
    const T* a = static_cast<const T*>(from);
    T* b = static_cast<T*>(to);
    const T n = static_cast<T>(by);
    for (std::size_t i = 0; i < count; ++i) b[i] = a[i] / n;
  });
}

void moved(DType to_dtype, const void* before, DType dtype, const void* change, double by, void* to,
           std::size_t count) {
  for_dtype(to_dtype, [&]<class A>() {
    for_dtype(dtype, [&]<class B>() {
      const A* a = static_cast<const A*>(before);
      const B* b = static_cast<const B*>(change);
      A* c = static_cast<A*>(to);
      for (std::size_t i = 0; i < count; ++i) c[i] = a[i] + rounded<A>(static_cast<double>(b[i]) / by);
    });
  });
}

}  // namespace gradus::dist

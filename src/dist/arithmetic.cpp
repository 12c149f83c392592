// The loops. Each rounds as written, so that the bits do not depend on who computes them.
#include "dist/arithmetic.hpp"

#include <bit>
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

std::uint16_t bf16(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<std::uint16_t>(bits >> 16 | 0x40u);
  return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

float f32_of(std::uint16_t x) { return std::bit_cast<float>(std::uint32_t{x} << 16); }

}  // namespace

void to_bf16(const float* from, std::uint16_t* to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to[i] = bf16(from[i]);
}

void from_bf16(const std::uint16_t* from, float* to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to[i] = f32_of(from[i]);
}

void add_bf16(void* to, const void* a, const void* b, std::size_t count) {
  auto* sum = static_cast<std::uint16_t*>(to);
  const auto* x = static_cast<const std::uint16_t*>(a);
  const auto* y = static_cast<const std::uint16_t*>(b);
  for (std::size_t i = 0; i < count; ++i) sum[i] = bf16(f32_of(x[i]) + f32_of(y[i]));
}

void to_bf16_with_feedback(const float* numbers, float* left, std::uint16_t* sent, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const float whole = numbers[i] + left[i];
    sent[i] = bf16(whole);
    const float rest = whole - f32_of(sent[i]);
    left[i] = std::isfinite(rest) ? rest : 0;
  }
}

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

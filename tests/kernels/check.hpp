// Shared by the kernels' tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/kernels.hpp"
#include "kernels/random.hpp"

namespace gradus::kernels {

constexpr double kInfinity = std::numeric_limits<double>::infinity(), kNan = std::numeric_limits<double>::quiet_NaN();

// The levels that this processor has, the baseline first.
inline std::vector<const Kernels*> levels() {
  std::vector<const Kernels*> found;
  for (const char* isa : {"base", "v3", "v4"})
    if (const Kernels* k = level(isa)) found.push_back(k);
  return found;
}

template <class T>
const Table<T>& table_of(const Kernels& k) {
  if constexpr (std::is_same_v<T, float>)
    return k.f32;
  else if constexpr (std::is_same_v<T, double>)
    return k.f64;
  else if constexpr (std::is_same_v<T, Index>)
    return k.i64;
  else
    return k.b8;
}

template <class T>
std::vector<T> normals(Index n, std::uint64_t seed = 1) {
  std::vector<T> y(static_cast<std::size_t>(n));
  normal(seed, 0, n, y.data());
  return y;
}

template <class T>
bool same(T a, T b) {
  return a == b || (a != a && b != b);
}

// How far `got` is from the exact value, in units of f32's last place there.
inline double ulps(float got, double exact) {
  if (same(static_cast<float>(exact), got)) return 0;
  if (!std::isfinite(got) || std::isnan(exact)) return kInfinity;
  const int exponent = exact == 0 ? -126 : std::max(-126, std::ilogb(exact));
  return std::fabs(got - exact) / std::ldexp(1.0, exponent - 23);
}

// The largest |a - b| / (1 + |b|); NaN and infinity must match.
template <class T>
double distance(const std::vector<T>& a, const std::vector<T>& b) {
  double worst = a.size() == b.size() ? 0 : kInfinity;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
    if (!same(a[i], b[i])) {
      const double d =
          std::fabs(static_cast<double>(a[i]) - static_cast<double>(b[i])) / (1 + std::fabs(static_cast<double>(b[i])));
      worst = d <= worst ? worst : std::isnan(d) ? kInfinity : d;
    }
  return worst;
}

}  // namespace gradus::kernels

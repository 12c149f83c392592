// Distances of numbers, in units of their last place and as shares.
#include "diff/apart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "cli/print.hpp"

namespace gradus::tool {
namespace {

// The place of a number among all of its type, in order.
template <class Integer, class Float>
std::int64_t place(Float x) {
  const auto bits = static_cast<std::int64_t>(std::bit_cast<Integer>(x));
  constexpr auto sign = static_cast<std::int64_t>(std::uint64_t{1} << (8 * sizeof(Integer) - 1));
  if constexpr (sizeof(Integer) == 4) return bits < 0 ? -(bits & 0x7FFFFFFF) : bits;
  return bits < 0 ? -(bits & ~sign) : bits;
}

}  // namespace

bool same(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b && std::signbit(a) == std::signbit(b);
}

bool same(const std::vector<double>& a, const std::vector<double>& b) {
  return std::ranges::equal(a, b, [](double x, double y) { return same(x, y); });
}

std::uint64_t ulps(double a, double b, DType dtype) {
  if (!std::isfinite(a) || !std::isfinite(b) || !is_floating(dtype)) return 0;
  const std::int64_t x = dtype == f32 ? place<std::int32_t>(static_cast<float>(a)) : place<std::int64_t>(a);
  const std::int64_t y = dtype == f32 ? place<std::int32_t>(static_cast<float>(b)) : place<std::int64_t>(b);
  const auto low = static_cast<std::uint64_t>(std::min(x, y));
  const auto high = static_cast<std::uint64_t>(std::max(x, y));
  return high - low;
}

Apart apart(const std::vector<double>& a, const std::vector<double>& b, DType dtype) {
  Apart d{.elements = std::ssize(a), .dtype = dtype};
  double size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (const double v : {a[i], b[i]}) {
      if (std::isfinite(v)) size = std::max(size, std::abs(v));
    }
    if (same(a[i], b[i])) continue;
    if (d.different++ == 0) {
      d.first = i;
      d.a = a[i];
      d.b = b[i];
    }
    const double difference = std::abs(a[i] - b[i]);
    if (std::isfinite(difference)) d.largest = std::max(d.largest, difference);
    d.ulps = std::max(d.ulps, ulps(a[i], b[i], dtype));
  }
  d.relative = size > 0 ? d.largest / size : 0;
  return d;
}

std::string Apart::text() const {
  constexpr std::uint64_t few = 1'000'000;  // more tell nobody anything
  std::string text = elements == 1 ? "" : fmt::format("{} of {} elements, ", grouped(different), grouped(elements));
  if (ulps > 0 && ulps <= few)
    text += fmt::format("{}{} ulp of {}, ", elements == 1 ? "" : "at most ", grouped(ulps), name(dtype));
  const char* of = elements == 1 ? "of the number" : "of the largest element";
  return text + fmt::format("by {}{:.2g} ({:.2g} {})", elements == 1 ? "" : "up to ", largest, relative, of);
}

}  // namespace gradus::tool

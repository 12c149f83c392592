// Choosing by the bits of the magnitude: as whole numbers they have the order of the floats, and NaN comes last.
#include "dist/largest.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace gradus::dist {
namespace {

std::uint32_t magnitude(float x) { return std::bit_cast<std::uint32_t>(x) & 0x7fffffffu; }

}  // namespace

std::size_t kept_of(double keep, std::size_t count) {
  const double wanted = std::ceil(keep * static_cast<double>(count));
  return std::min(count, static_cast<std::size_t>(std::max(wanted, 0.0)));
}

void take_largest(std::span<const float> numbers, std::span<float> left, std::span<Entry> sent) {
  const std::size_t count = numbers.size();
  for (std::size_t i = 0; i < count; ++i) left[i] += numbers[i];
  if (sent.empty()) return;
  std::vector<std::uint32_t> sizes(count);
  for (std::size_t i = 0; i < count; ++i) sizes[i] = magnitude(left[i]);
  const auto last = sizes.begin() + static_cast<std::ptrdiff_t>(count - sent.size());
  std::nth_element(sizes.begin(), last, sizes.end());
  const std::uint32_t border = *last;
  const auto above = static_cast<std::size_t>(std::count_if(last, sizes.end(), [&](auto s) { return s > border; }));
  std::size_t equal = sent.size() - above;  // so many of those at the border are sent
  std::size_t next = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t size = magnitude(left[i]);
    const bool goes = size > border || (size == border && equal > 0);
    if (goes) {
      if (size == border) --equal;
      sent[next++] = {static_cast<std::uint32_t>(i), left[i]};
    }
    if (goes || !std::isfinite(left[i])) left[i] = 0;
  }
}

bool add_entries(std::span<const Entry> entries, std::span<float> to) {
  for (const Entry& e : entries) {
    if (e.place >= to.size()) return false;
    to[e.place] += e.value;
  }
  return true;
}

}  // namespace gradus::dist

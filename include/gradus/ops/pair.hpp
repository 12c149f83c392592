// Pair: a height and a width, as windows and images have.
#pragma once

#include <array>
#include <cstdint>

namespace gradus {

/// Height and width: {3, 5}. One number stands for both: 3 is {3, 3}.
struct Pair : std::array<std::int64_t, 2> {
  /// The same height and width.
  constexpr Pair(std::int64_t both) : array{both, both} {}
  /// In the order of the axes of an image.
  constexpr Pair(std::int64_t height, std::int64_t width) : array{height, width} {}
};

}  // namespace gradus

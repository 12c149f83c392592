// Sums and products of one dtype, in which integers wrap around: arithmetic without signs, where overflow is defined.
#pragma once

#include <cstdint>
#include <type_traits>

namespace gradus::detail {

template <class T>
T wrapping_sum(T a, T b) {
  if constexpr (std::is_same_v<T, std::int64_t>)
    return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  else
    return static_cast<T>(a + b);
}

template <class T>
T wrapping_product(T a, T b) {
  if constexpr (std::is_same_v<T, std::int64_t>)
    return static_cast<T>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
  else
    return static_cast<T>(a * b);
}

}  // namespace gradus::detail

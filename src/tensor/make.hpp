// What every function that makes or changes numbers needs: sizes and values checked before memory is touched.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "tensor/impl.hpp"

namespace gradus::detail {

// An uninitialised tensor. Negative sizes, sizes whose product overflows and a lack of memory are errors.
Tensor make(const Shape& shape, DType dtype, std::string_view operation, Loc where);

// `type` is "i64", "int", "bool" or "double"; `index` that of the element, where there are several.
[[noreturn]] void does_not_fit(Number value, std::string_view type, std::string_view operation, Loc where,
                               const std::string& index = {});

inline bool fits_i64(double value) { return value >= -0x1p63 && value < 0x1p63; }

// value as an element, or an error where it would change: i64 takes whole numbers in its range, bool 0 and 1.
template <class T>
T element(Number value, std::string_view operation, Loc where) {
  const double real = value.real();
  if constexpr (std::is_same_v<T, std::int64_t>) {
    if (value.is_integer()) return value.integer();
    if (!fits_i64(real) || real != std::trunc(real)) does_not_fit(value, "i64", operation, where);
    return static_cast<std::int64_t>(real);
  } else if constexpr (std::is_same_v<T, bool>) {
    if (real != 0 && real != 1) does_not_fit(value, "bool", operation, where);
    return real != 0;
  } else {
    return static_cast<T>(real);
  }
}

}  // namespace gradus::detail

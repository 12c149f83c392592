// What every function that makes a tensor from numbers needs: sizes checked, then memory.
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "tensor/impl.hpp"

namespace gradus::detail {

// An uninitialised tensor. Negative sizes, sizes whose product overflows and memory that is not there are errors.
Tensor make(const Shape& shape, DType dtype, std::string_view operation, Loc where);

[[noreturn]] void does_not_fit(double value, std::string_view operation, Loc where);

// value as an element: i64 takes whole numbers in its range only, bool takes zero for false.
template <class T>
T element(double value, std::string_view operation, Loc where) {
  if constexpr (std::is_same_v<T, std::int64_t>) {
    if (!(value >= -0x1p63 && value < 0x1p63) || value != std::trunc(value)) does_not_fit(value, operation, where);
  }
  if constexpr (std::is_same_v<T, bool>) {
    return value != 0;
  } else {
    return static_cast<T>(value);
  }
}

}  // namespace gradus::detail

// Number: an argument that is a double or an integer, without a rounding of the one to the other.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

namespace gradus {

/// A number of C++ as an argument, kept exactly: a double or a 64-bit integer.
class Number {
 public:
  /// From any number of C++.
  template <class T>
  requires std::is_arithmetic_v<T>
  constexpr Number(T value) : real_(static_cast<double>(value)) {
    if constexpr (std::is_integral_v<T>) {
      is_integer_ = std::in_range<std::int64_t>(+value);
      if (is_integer_) integer_ = static_cast<std::int64_t>(value);
    }
  }
  constexpr bool is_integer() const { return is_integer_; }    ///< of an integer type, and within 64 bits
  constexpr std::int64_t integer() const { return integer_; }  ///< 0 unless is_integer()
  constexpr double real() const { return real_; }              ///< rounded where a double cannot hold the integer
  /// Whether real() is the whole truth.
  constexpr bool is_exact() const {
    return !is_integer_ || (real_ < 0x1p63 && static_cast<std::int64_t>(real_) == integer_);
  }

 private:
  double real_;
  std::int64_t integer_ = 0;
  bool is_integer_ = false;
};

}  // namespace gradus

// What constructors of layers check.
#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

#include <gradus/ops/pair.hpp>

#include "tensor/format.hpp"
#include "tensor/impl.hpp"
#include "tensor/number.hpp"

namespace gradus::nn {

[[noreturn]] inline void fail(const char* layer, Complaint complaint, Loc where) {
  throw Error(layer, std::move(complaint), gradus::detail::user_line(where));
}

// No size of a layer may be larger: what is computed from sizes then stays far from the end of 64 bits.
inline constexpr std::int64_t largest_size = std::int64_t{1} << 40;

// Every size must be from `least` to `most`.
inline void check_sizes(const char* layer, std::initializer_list<std::pair<const char*, std::int64_t>> sizes, Loc where,
                        std::int64_t least = 1, std::int64_t most = largest_size) {
  for (const auto& [name, size] : sizes)
    if (size < least || size > most)
      fail(layer,
           {.wrong = formatted("{} is too {}", name, size < least ? "small" : "large"),
            .got = formatted("{}", size),
            .expected = size < least ? formatted("{} or more", least) : formatted("{} or less", most)},
           where);
}

// A weight must have fewer than 2^40 elements.
inline void check_weight(const char* layer, const Shape& shape, Loc where) {
  double elements = 1;
  for (const std::int64_t size : shape) elements *= static_cast<double>(size);
  if (elements > static_cast<double>(largest_size))
    fail(layer,
         {.wrong = "the layer is too large",
          .got = formatted("a weight of shape {}", to_string(shape)),
          .expected = formatted("{} elements or less", largest_size)},
         where);
}

inline void check_pair(const char* layer, const char* name, const Pair& p, Loc where, std::int64_t least = 1) {
  check_sizes(layer, {{name, p[0]}, {name, p[1]}}, where, least);
}

inline void check_multiple(const char* layer, const char* name, std::int64_t size, const char* parts_name,
                           std::int64_t parts, Loc where) {
  if (size % parts == 0) return;
  fail(layer,
       {.wrong = formatted("{} is not divisible by {}", name, parts_name),
        .got = formatted("{} {}, {} {}", name, size, parts_name, parts),
        .expected = formatted("{} a multiple of {}", name, parts_name)},
       where);
}

inline void check_floating(const char* layer, DType dtype, Loc where) {
  if (!is_floating(dtype))
    fail(layer, {.wrong = "a layer needs a floating-point dtype", .got = gradus::name(dtype), .expected = "f32 or f64"},
         where);
}

inline void check_finite(const char* layer, const char* name, double value, Loc where) {
  if (!std::isfinite(value))
    fail(layer, {.wrong = formatted("{} is not a finite number", name), .got = gradus::detail::number_text(value)},
         where);
}

// A finite number from `low` on.
inline void check_at_least(const char* layer, const char* name, double value, double low, Loc where) {
  if (!(value >= low && std::isfinite(value)))
    fail(layer,
         {.wrong = formatted("{} is out of range", name),
          .got = gradus::detail::number_text(value),
          .expected = formatted("a finite number, {} or more", low)},
         where);
}

inline void check_probability(const char* layer, const char* name, double p, Loc where) {
  if (!(p >= 0 && p <= 1))
    fail(layer,
         {.wrong = formatted("{} is not a probability", name),
          .got = gradus::detail::number_text(p),
          .expected = "0 to 1"},
         where);
}

// "3x5"; "3" for a square one if `brief`.
inline std::string text(const Pair& p, bool brief = false) {
  return brief && p[0] == p[1] ? formatted("{}", p[0]) : formatted("{}x{}", p[0], p[1]);
}

}  // namespace gradus::nn

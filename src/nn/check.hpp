// What constructors of layers check.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

#include <gradus/ops/pair.hpp>

#include "tensor/format.hpp"
#include "tensor/impl.hpp"

namespace gradus::nn {

[[noreturn]] inline void fail(const char* layer, Complaint complaint, Loc where) {
  throw Error(layer, std::move(complaint), gradus::detail::user_line(where));
}

// Every size must be `least` or more.
inline void check_sizes(const char* layer, std::initializer_list<std::pair<const char*, std::int64_t>> sizes, Loc where,
                        std::int64_t least = 1) {
  for (const auto& [name, size] : sizes)
    if (size < least)
      fail(layer,
           {.wrong = formatted("{} is too small", name),
            .got = formatted("{}", size),
            .expected = formatted("{} or more", least)},
           where);
}

inline void check_pair(const char* layer, const char* name, const Pair& p, Loc where, std::int64_t least = 1) {
  check_sizes(layer, {{name, std::min(p[0], p[1])}}, where, least);
}

inline void check_floating(const char* layer, DType dtype, Loc where) {
  if (!is_floating(dtype))
    fail(layer, {.wrong = "weights are fractions", .got = gradus::name(dtype), .expected = "f32 or f64"}, where);
}

inline void check_probability(const char* layer, const char* name, double p, Loc where) {
  if (!(p >= 0 && p <= 1))
    fail(layer, {.wrong = formatted("{} is not a probability", name), .got = formatted("{}", p), .expected = "0 to 1"},
         where);
}

// "3x5"; "3" for a square one if `brief`.
inline std::string text(const Pair& p, bool brief = false) {
  return brief && p[0] == p[1] ? formatted("{}", p[0]) : formatted("{}x{}", p[0], p[1]);
}

}  // namespace gradus::nn

// Positions as waves and as rotations.
#include <gradus/nn/position.hpp>

#include <cmath>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "nn/check.hpp"
#include "tensor/format.hpp"

namespace gradus::nn {

namespace {

void check(const char* what, std::int64_t width, std::int64_t first, double base, Loc where) {
  check_sizes(what, {{"width", width}}, where, 2);
  if (width % 2 != 0)
    fail(
        what,
        {.wrong = "the width is odd", .got = formatted("{}", width), .expected = "an even one: features turn in pairs"},
        where);
  check_sizes(what, {{"first", first}}, where, 0);
  check_at_least(what, "base", base, 1, where);
}

// (length, pairs): position times base^(-2i / width), the angle of pair i. In f64, since angles are large.
Tensor angles(std::int64_t length, std::int64_t width, std::int64_t first, double base) {
  std::vector<double> all;
  for (std::int64_t t = 0; t < length; ++t)
    for (std::int64_t i = 0; i < width / 2; ++i)
      all.push_back(static_cast<double>(first + t) *
                    std::pow(base, -2 * static_cast<double>(i) / static_cast<double>(width)));
  return from_data(std::span<const double>(all), {length, width / 2});
}

}  // namespace

Tensor sinusoidal_positions(std::int64_t length, std::int64_t width, std::int64_t first, double base, DType dtype,
                            Loc where) {
  constexpr const char* what = "sinusoidal_positions";
  where = gradus::detail::user_line(where);
  check_sizes(what, {{"length", length}}, where, 0);
  check(what, width, first, base, where);
  check_weight(what, {length, width}, where);
  if (!is_floating(dtype))
    fail(what, {.wrong = "the dtype is wrong", .got = name(dtype), .expected = "f32 or f64"}, where);
  const NoRecord pause;
  const Tensor a = angles(length, width, first, base);
  return stack({sin(a), cos(a)}, 2).reshape({length, width}).to(dtype);
}

Tensor rotary(Arg x, const RotaryOptions& o) {
  constexpr const char* what = "rotary";
  const Loc where = gradus::detail::user_line(x.where);
  gradus::detail::check_defined(x, what, where);
  const Tensor& given = x;
  if (given.dim() < 2 || !is_floating(given.dtype()))
    fail(what,
         {.wrong = "the input has the wrong shape or dtype",
          .got = formatted("{} {}", to_string(given.shape()), name(given.dtype())),
          .expected = "(…, T, d), f32 or f64"},
         where);
  const std::int64_t steps = given.size(-2), width = given.size(-1), half = width / 2;
  check(what, width, o.first, o.base, where);
  const At at(x);
  Tensor c, s;
  {
    const NoRecord pause;
    const Tensor a = angles(steps, width, o.first, o.base);
    c = cos(a).to(given.dtype());
    s = sin(a).to(given.dtype());
  }
  if (!o.interleaved) {
    const Tensor a = slice(given, -1, {0, half}), b = slice(given, -1, {half, width});
    return concat({a * c - b * s, b * c + a * s}, -1);
  }
  Shape pairs = given.shape();
  pairs[pairs.size() - 1] = half;
  pairs.push_back(2, where);
  const Tensor both = reshape(given, pairs), a = select(both, -1, 0), b = select(both, -1, 1);
  return reshape(stack({a * c - b * s, b * c + a * s}, given.dim()), given.shape());
}

}  // namespace gradus::nn

// Comparisons of tensors of integers and of bool with any number, and the errors of numbers among operands.
#include <gradus/ops.hpp>

#include <cmath>
#include <limits>

#include "support.hpp"

using namespace gradus;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity(), NaN = std::numeric_limits<double>::quiet_NaN();

Tensor flags(std::initializer_list<Nested> list) { return tensor(list, boolean); }

}  // namespace

TEST_CASE("integers are compared with a fraction exactly") {
  const Tensor x = tensor({-1, 0, 1, 2}, i64);
  CHECK(equal(x > 0.5, flags({0, 0, 1, 1})));
  CHECK(equal(x >= 0.5, flags({0, 0, 1, 1})));
  CHECK(equal(x < 0.5, flags({1, 1, 0, 0})));
  CHECK(equal(x <= -0.5, flags({1, 0, 0, 0})));
  CHECK(equal(0.5 < x, flags({0, 0, 1, 1})));
  CHECK(equal(0.5 >= x, flags({1, 1, 0, 0})));
  CHECK(equal(eq(x, 0.5), flags({0, 0, 0, 0})));
  CHECK(equal(ne(x, 0.5), flags({1, 1, 1, 1})));
  CHECK(equal(x <= 1, flags({1, 1, 1, 0})));
  CHECK(equal(1 <= x, flags({0, 0, 1, 1})));
}

TEST_CASE("integers are compared with infinities, NaN and numbers beyond their range") {
  const Tensor x = tensor({-5, 5}, i64), all = flags({1, 1}), none = flags({0, 0});
  for (const double k : {inf, 1e30, 0x1p63}) {
    CHECK(equal(x < k, all));
    CHECK(equal(x <= k, all));
    CHECK(equal(x > k, none));
    CHECK(equal(k >= x, all));
    CHECK(equal(x > -2 * k, all));
    CHECK(equal(x <= -2 * k, none));
    CHECK(equal(eq(x, k), none));
  }
  CHECK(equal(x < NaN, none));
  CHECK(equal(x >= NaN, none));
  CHECK(equal(ne(x, NaN), all));
  // Above 2^53 a double has no fraction, and i64 has numbers that double has not.
  const Tensor big = eq(arange(1), 0).to(i64) * 0x1p53 + 1;
  CHECK(equal(big > 0x1p53, flags({1})));
  CHECK(equal(eq(big, 0x1p53), flags({0})));
}

TEST_CASE("bool is compared as 0 and 1") {
  const Tensor x = flags({0, 1});
  CHECK(equal(eq(x, 0.5), flags({0, 0})));
  CHECK(equal(eq(x, 2), flags({0, 0})));
  CHECK(equal(x < 0.5, flags({1, 0})));
  CHECK(equal(x > -1, flags({1, 1})));
  CHECK(equal(eq(x, 1), x));
  CHECK(equal(logical_not(x), flags({1, 0})));
}

TEST_CASE("numbers among operands: the error names the operation and the caller's line") {
  const Tensor x = arange(3);
  CHECK_SAYS(x + 0.5, "add: a tensor of integers cannot take this number", "0.5 and a tensor of i64", "x.to(f32)",
             "comparisons.cpp:");
  CHECK_SAYS(x * 1e300, "mul: a tensor of integers", "1e+300", "comparisons.cpp:");
  CHECK_SAYS(1 - x * inf, "mul: a tensor of integers", "inf");
  CHECK_SAYS(maximum(x, NaN), "maximum: a tensor of integers", "nan");
  CHECK_SAYS(where(x > 0, x, 0.5), "where: a tensor of integers", "comparisons.cpp:");
  CHECK_SAYS(masked_fill(x, x > 0, 0.5), "masked_fill: a tensor of integers", "comparisons.cpp:");
  CHECK_SAYS(eq(1.0, 2.0), "eq: both operands are numbers", "1 and 2", "comparisons.cpp:");
  CHECK_SAYS(where(x > 0, 1.0, 2.0), "where: both operands are numbers", "comparisons.cpp:");
  CHECK_SAYS(x > Tensor(), "gt: the tensor is undefined", "comparisons.cpp:");
  CHECK_SAYS(Tensor() > 0.5, "gt: the tensor is undefined", "comparisons.cpp:");
}

TEST_CASE("dtype advice points to the floating operand, and in layers to the input") {
  const Tensor x = ones({2, 3}), w = ones({4, 3});
  CHECK_SAYS(x.to(i64) + x, "add: dtypes differ", "i64 and f32", "x.to(f32)");
  CHECK_SAYS(x + x.to(i64), "add: dtypes differ", "f32 and i64", "x.to(f32)");
  CHECK_SAYS(x.to(f64) + x.to(i64), "add: dtypes differ", "x.to(f64)");
  CHECK_SAYS(linear(x.to(f64), w), "linear: dtypes differ", "input f64, weight f32", "x.to(f32)", "net.to(f64)");
  CHECK_SAYS(linear(x.to(i64), w), "linear: dtypes differ", "input i64, weight f32", "x.to(f32)");
}

TEST_CASE("clamp of integers: open sides, and whole bounds") {
  const Tensor x = tensor({-3, 0, 7}, i64);
  CHECK(equal(clamp(x, -inf, 5), tensor({-3, 0, 5}, i64)));
  CHECK(equal(clamp(x, -1, inf), tensor({-1, 0, 7}, i64)));
  CHECK(equal(clamp(x, -inf, inf), x));
  CHECK(equal(clamp(x, -1, 5), tensor({-1, 0, 5}, i64)));
  CHECK_SAYS(clamp(x, 0.5, 2), "clamp: a tensor of integers cannot take these bounds", "low = 0.5", "comparisons.cpp:");
}

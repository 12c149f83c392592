#include <gradus/tensor.hpp>

#include <cmath>
#include <limits>

#include "support.hpp"

using namespace gradus;

using Numbers = std::vector<double>;

TEST_CASE("zeros, ones, full in every dtype") {
  for (DType t : {f32, f64, i64, boolean}) {
    CAPTURE(name(t));
    CHECK(zeros({2, 3}, t).to_vector() == Numbers(6, 0));
    CHECK(ones({2, 3}, t).to_vector() == Numbers(6, 1));
    CHECK(full({4}, 1, t).to_vector() == Numbers(4, 1));
    CHECK(zeros({2, 3}, t).dtype() == t);
    CHECK(zeros({2, 3}, t).shape() == Shape{2, 3});
  }
  CHECK(full({2}, -7.5).to_vector() == Numbers{-7.5, -7.5});
  CHECK(full({2}, 3, boolean).to_vector() == Numbers{1, 1});
  CHECK(scalar(2.5).dim() == 0);
  CHECK(scalar(2.5).item() == 2.5);
  CHECK(zeros({}).numel() == 1);
  CHECK(zeros({3, 0, 2}).numel() == 0);
  CHECK(zeros({3, 0, 2}).shape() == Shape{3, 0, 2});
  CHECK(zeros({1, 1, 1, 1, 1, 1, 1, 2}).numel() == 2);
}

TEST_CASE("zeros_like and ones_like take shape and dtype") {
  const Tensor like = full({2, 2}, 5, i64);
  CHECK(zeros_like(like).to_vector() == Numbers(4, 0));
  CHECK(ones_like(like).dtype() == i64);
  CHECK(ones_like(like).shape() == Shape{2, 2});
  CHECK_SAYS(zeros_like(Tensor{}), "zeros_like", "undefined");
  CHECK_SAYS(ones_like(Tensor{}), "ones_like", "undefined");
}

TEST_CASE("arange counts what lies below its end") {
  CHECK(arange(5).to_vector() == Numbers{0, 1, 2, 3, 4});
  CHECK(arange(5).dtype() == i64);
  CHECK(arange(0).numel() == 0);
  CHECK(arange(2, 5).to_vector() == Numbers{2, 3, 4});
  CHECK(arange(5, 2, -1).to_vector() == Numbers{5, 4, 3});
  CHECK(arange(5, 2).numel() == 0);
  CHECK(arange(0, 1, 0.25, f64).to_vector() == Numbers{0, 0.25, 0.5, 0.75});
  CHECK(arange(0, 5, 2, i64).to_vector() == Numbers{0, 2, 4});
}

TEST_CASE("arange: rounding neither adds nor drops an element") {
  CHECK(arange(1, 1.3, 0.1, f64).numel() == 3);  // (1.3 - 1) / 0.1 rounds up to more than 3
  for (int n = 1; n <= 300; ++n)
    for (double step : {0.1, 0.01, 0.3, 1e-3, 1.0 / 3, 7.0}) {
      const auto count = arange(0, n * step, step, f64).numel();
      CHECK(count == n);
      CHECK(arange(5, 5 + n * step, step, f64).numel() == n);
      CHECK(arange(0, -n * step, -step, f64).numel() == n);
    }
}

TEST_CASE("linspace ends where it should") {
  CHECK(linspace(0, 1, 5).to_vector() == Numbers{0, 0.25, 0.5, 0.75, 1});
  CHECK(linspace(3, 7, 1).to_vector() == Numbers{3});
  CHECK(linspace(3, 7, 0).numel() == 0);
  CHECK(linspace(1, 0, 3).to_vector() == Numbers{1, 0.5, 0});
  for (int n : {2, 3, 7, 10, 1000}) CHECK(linspace(0.1, 0.7, n, f64).at({n - 1}) == 0.7);
}

TEST_CASE("eye") {
  CHECK(eye(2).to_vector() == Numbers{1, 0, 0, 1});
  CHECK(eye(3, boolean).to_vector() == Numbers{1, 0, 0, 0, 1, 0, 0, 0, 1});
  CHECK(eye(0).shape() == Shape{0, 0});
}

TEST_CASE("tensors from numbers") {
  CHECK(tensor({1, 2, 3}).shape() == Shape{3});
  CHECK(tensor({{1, 2, 3}, {4, 5, 6}}).shape() == Shape{2, 3});
  CHECK(tensor({{1, 2, 3}, {4, 5, 6}}).at({1, 0}) == 4);
  const Tensor block = tensor({{{1, 2}, {3, 4}, {5, 6}}, {{7, 8}, {9, 10}, {11, 12}}}, i64);
  CHECK(block.shape() == Shape{2, 3, 2});
  CHECK(block.at({1, 2, 0}) == 11);
  CHECK(block.dtype() == i64);
  CHECK(tensor({{1}, {2}, {3}}).shape() == Shape{3, 1});
  CHECK(tensor({{{{7}}}}).shape() == Shape{1, 1, 1, 1});
  CHECK(tensor({}).shape() == Shape{0});
  CHECK(tensor({{}, {}}).shape() == Shape{2, 0});
  const float f[] = {1, 2, 3, 4};
  const double d[] = {1, 2};
  const std::int64_t i[] = {7};
  const bool b[] = {true, false};
  CHECK(from(f, {2, 2}).at({1, 1}) == 4);
  CHECK(from(d, {2}).dtype() == f64);
  CHECK(from(i, {}).item() == 7);
  CHECK(from(b, {2, 1}).to_vector<bool>() == std::vector<bool>{true, false});
  CHECK(from(std::span<const float>{}, {0, 3}).numel() == 0);
}

TEST_CASE("factories: what they refuse") {
  constexpr std::int64_t huge = std::int64_t{1} << 40;
  CHECK_SAYS(zeros({2, -1}), "zeros: negative size -1", "got:      (2, -1)", "factories.cpp:");
  CHECK_SAYS(eye(-3), "eye: negative size -3");
  CHECK_SAYS(linspace(0, 1, -2), "linspace: negative size -2");
  CHECK_SAYS(ones({huge, huge}), "ones: too large", "(1099511627776, 1099511627776) f32");
  CHECK_SAYS(zeros({0, huge, huge}), "zeros: too large");  // its strides would overflow
  CHECK_SAYS(full({std::numeric_limits<std::int64_t>::max()}, 1), "full: too large");
  CHECK_SAYS(full({2}, 1.5, i64), "full: i64 holds whole numbers only", "1.5");
  CHECK_SAYS(full({2}, NAN, i64), "whole numbers only");
  CHECK_SAYS(scalar(1e300, i64), "scalar: i64 holds whole numbers only");
  CHECK_SAYS(tensor({1.5}, i64), "tensor: i64 holds whole numbers only");
  CHECK_SAYS(arange(0, 1, 0), "arange: the step is zero", "0 to 1 by 0");
  CHECK_SAYS(arange(0, INFINITY), "arange: an endless range");
  CHECK_SAYS(arange(0, 1, NAN), "arange: an endless range");
  CHECK_SAYS(arange(0, 1e300), "arange: too large");
  CHECK_SAYS(arange(0, 1, 1e-300), "arange: too large");
  CHECK_SAYS(arange(0, 1, 0.5, i64), "arange: i64 holds whole numbers only", "0.5");
  CHECK_SAYS(arange(0, 1, 1, boolean), "arange: no range of bool");
  CHECK_SAYS(linspace(0, 1, 3, i64), "linspace: needs fractions", "i64");
  CHECK_SAYS(tensor({{1, 2}, {3}}), "tensor: parts of different shapes", "(2,) and (1,) side by side");
  CHECK_SAYS(tensor({1, {2}}), "tensor: parts of different shapes", "() and (1,)");
  CHECK_SAYS(tensor({{{1, 2}, {3, 4}}, {{5, 6}}}), "parts of different shapes", "(2, 2) and (1, 2)");
  const float f[] = {1, 2, 3};
  CHECK_SAYS(from(f, {2, 2}), "from: the shape does not hold these numbers", "3 numbers for shape (2, 2)", "4 numbers");
}

// Tensors made of numbers.
#include <gradus/ops.hpp>
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
  CHECK(full({2}, 1, boolean).to_vector() == Numbers{1, 1});
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

TEST_CASE("linspace: ends as far apart as doubles go") {
  CHECK(linspace(-1e308, 1e308, 3, f64).to_vector() == Numbers{-1e308, 0, 1e308});
  CHECK_SAYS(linspace(0, INFINITY, 3), "linspace: the range is not finite", "from 0 to inf");
  CHECK_SAYS(linspace(NAN, 1, 3), "linspace: the range is not finite");
}

TEST_CASE("integers above 2^53 stay what they are on their way into i64") {
  constexpr std::int64_t odd = (std::int64_t{1} << 53) + 1, most = std::numeric_limits<std::int64_t>::max(),
                         least = std::numeric_limits<std::int64_t>::min();
  using Integers = std::vector<std::int64_t>;
  CHECK(tensor({odd, -odd, most, least}, i64).to_vector<std::int64_t>() == Integers{odd, -odd, most, least});
  CHECK(full({2}, odd, i64).to_vector<std::int64_t>() == Integers{odd, odd});
  CHECK(scalar(most, i64).item<std::int64_t>() == most);
  CHECK(arange(odd, odd + 3, 1, i64).to_vector<std::int64_t>() == Integers{odd, odd + 1, odd + 2});
  CHECK(arange(odd, odd - 4, -2, i64).to_vector<std::int64_t>() == Integers{odd, odd - 2});
  CHECK(arange(least, most, std::int64_t{1} << 62, i64).to_vector<std::int64_t>() ==
        Integers{least, least / 2, 0, most / 2 + 1});
  CHECK_SAYS(arange(least, most, 1, i64), "arange: the range has too many numbers");
  CHECK(from_data(std::vector<std::int64_t>{odd}, {1}).at<std::int64_t>({0}) == odd);
  CHECK_SAYS(full({1}, std::numeric_limits<std::uint64_t>::max(), i64), "does not fit into i64");
  CHECK_SAYS(arange(2) + odd, "this integer would be rounded", "2^53", "tensor({…}, i64)", "factories.cpp:");
  CHECK((arange(2) + (odd - 1)).at<std::int64_t>({1}) == odd);
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
  CHECK(from_data(f, {2, 2}).at({1, 1}) == 4);
  CHECK(from_data(d, {2}).dtype() == f64);
  CHECK(from_data(i, {}).item() == 7);
  CHECK(from_data(b, {2, 1}).to_vector<bool>() == std::vector<bool>{true, false});
  CHECK(from_data(std::span<const float>{}, {0, 3}).numel() == 0);
}

TEST_CASE("factories: what they refuse") {
  constexpr std::int64_t huge = std::int64_t{1} << 40;
  CHECK_SAYS(zeros({2, -1}), "zeros: negative size -1", "got:      shape (2, -1)", "factories.cpp:");
  CHECK_SAYS(eye(-3), "eye: negative size -3");
  CHECK_SAYS(linspace(0, 1, -2), "linspace: negative size -2");
  CHECK_SAYS(ones({huge, huge}), "ones: the tensor is too large", "(1099511627776, 1099511627776) f32");
  CHECK_SAYS(zeros({0, huge, huge}), "zeros: the tensor is too large");  // its strides would overflow
  CHECK_SAYS(full({std::numeric_limits<std::int64_t>::max()}, 1), "full: the tensor is too large");
  CHECK_SAYS(full({2}, 1.5, i64), "full: the value does not fit into i64", "got:      1.5",
             "a whole number from -2^63");
  CHECK_SAYS(full({2}, -NAN, i64), "does not fit into i64", "got:      nan");
  CHECK_SAYS(full({2}, 0.5, boolean), "full: the value does not fit into bool", "0.5", "0 or 1");
  CHECK_SAYS(scalar(1e300, i64), "scalar: the value does not fit into i64", "1e+300");
  CHECK_SAYS(tensor({1.5}, i64), "tensor: the value does not fit into i64");
  CHECK_SAYS(arange(0, 1, 0), "arange: the step is zero", "from 0 to 1 by 0");
  CHECK_SAYS(arange(0, INFINITY), "arange: the range is not finite", "from 0 to inf by 1");
  CHECK_SAYS(arange(0, 1, NAN), "arange: the range is not finite");
  CHECK_SAYS(arange(0, 1e300), "arange: the range has too many numbers");
  CHECK_SAYS(arange(0, 1, 1e-300), "arange: the range has too many numbers");
  CHECK_SAYS(arange(0, 1, 0.5, i64), "arange: the value does not fit into i64", "0.5");
  CHECK_SAYS(arange(0, 1, 1, boolean), "arange: a range of bool is not defined");
  CHECK_SAYS(linspace(0, 1, 3, i64), "linspace: needs a floating-point dtype", "i64");
  CHECK_SAYS(tensor({{1, 2}, {3}}), "tensor: sibling lists have different lengths", "(2,) and (1,)");
  CHECK_SAYS(tensor({1, {2}}), "tensor: sibling lists have different lengths", "() and (1,)");
  CHECK_SAYS(tensor({{{1, 2}, {3, 4}}, {{5, 6}}}), "sibling lists have different lengths", "(2, 2) and (1, 2)");
  const float f[] = {1, 2, 3};
  CHECK_SAYS(from_data(f, {2, 2}), "from_data: the count of numbers differs from the shape's",
             "3 numbers for shape (2, 2)", "4 numbers");
}

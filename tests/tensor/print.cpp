#include <gradus/tensor.hpp>

#include <cmath>
#include <sstream>

#include "support.hpp"
#include "tensor/impl.hpp"

using namespace gradus;

TEST_CASE("print: a line, a table, blocks") {
  CHECK(to_string(tensor({1, 2.5, -3.14159})) == "[ 1.      2.5    -3.1416]");
  CHECK(to_string(tensor({1, 2, 3})) == "[1. 2. 3.]");
  CHECK(to_string(tensor({{1, 10}, {100, 0.5}})) ==
        "[[  1.   10. ]\n"
        " [100.    0.5]]");
  CHECK(to_string(tensor({{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}})) ==
        "[[[1. 2.]\n"
        "  [3. 4.]]\n"
        "\n"
        " [[5. 6.]\n"
        "  [7. 8.]]]");
  CHECK(to_string(tensor({0.1, 0.2})) == "[0.1 0.2]");  // not 0.10000000149
}

TEST_CASE("print: other dtypes say so, with their shape") {
  CHECK(to_string(tensor({1, 2}, f64)) == "[1. 2.]  f64 (2,)");
  CHECK(to_string(tensor({{1, -20}, {3, 4}}, i64)) ==
        "[[  1 -20]\n"
        " [  3   4]]\n"
        "i64 (2, 2)");
  CHECK(to_string(tensor({1, 0}, boolean)) == "[ true false]  bool (2,)");
}

TEST_CASE("print: a number is a number") {
  CHECK(to_string(scalar(24.7041)) == "24.7041");
  CHECK(to_string(scalar(3)) == "3");
  CHECK(to_string(scalar(1e-9, f64)) == "1e-09");
  CHECK(to_string(scalar(-7, i64)) == "-7");
  CHECK(to_string(scalar(1, boolean)) == "true");
  CHECK(to_string(scalar(NAN)) == "nan");
}

TEST_CASE("print: empty and undefined") {
  CHECK(to_string(zeros({0})) == "[]  f32 (0,)");
  CHECK(to_string(zeros({2, 0, 3}, i64)) == "[]  i64 (2, 0, 3)");
  CHECK(to_string(Tensor{}) == "undefined");
}

TEST_CASE("print: nan and infinities take the width of the others") {
  CHECK(to_string(tensor({NAN, 1, -INFINITY, INFINITY})) == "[ nan   1. -inf  inf]");
  CHECK(to_string(tensor({NAN, 1.25})) == "[ nan 1.25]");
  CHECK(to_string(tensor({NAN, INFINITY})) == "[nan inf]");
  const double minus_nan = std::copysign(NAN, -1);  // as 0 / 0 gives on x86
  CHECK(to_string(full({1}, minus_nan, f64)) == "[nan]  f64 (1,)");
  CHECK(to_string(tensor({minus_nan, 1e-9})) == "[   nan 1.e-09]");
  CHECK(to_string(scalar(minus_nan)) == "nan");
}

TEST_CASE("print: exponents where the range needs them") {
  CHECK(to_string(tensor({1e-5, 2.5e3})) == "[1.0e-05 2.5e+03]");
  CHECK(to_string(tensor({1e8})) == "[1.e+08]");
  CHECK(to_string(tensor({1.23456789e10, 0}, f64)) == "[1.2346e+10 0.0000e+00]  f64 (2,)");
  CHECK(to_string(tensor({999, 1})) == "[999.   1.]");
  CHECK(to_string(tensor({1001, 1})) == "[1.001e+03 1.000e+00]");
  CHECK(to_string(tensor({0, 0})) == "[0. 0.]");
  CHECK(to_string(tensor({1e-5, NAN})) == "[1.e-05    nan]");
}

TEST_CASE("print: long tensors are shortened, each long axis by itself") {
  CHECK(to_string(arange(1001)) == "[   0    1    2 …  998  999 1000]  i64 (1001,)");
  CHECK(to_string(zeros({200, 6})) ==
        "[[0. 0. 0. 0. 0. 0.]\n"
        " [0. 0. 0. 0. 0. 0.]\n"
        " [0. 0. 0. 0. 0. 0.]\n"
        " …\n"
        " [0. 0. 0. 0. 0. 0.]\n"
        " [0. 0. 0. 0. 0. 0.]\n"
        " [0. 0. 0. 0. 0. 0.]]\n"
        "f32 (200, 6)");
  CHECK(to_string(ones({2, 1, 600})) ==
        "[[[1. 1. 1. … 1. 1. 1.]]\n"
        "\n"
        " [[1. 1. 1. … 1. 1. 1.]]]\n"
        "f32 (2, 1, 600)");
}

TEST_CASE("print: long lines are folded") {
  const std::string s = to_string(arange(1000));
  CHECK(s.starts_with("[  0   1   2 "));
  CHECK(s.ends_with("998 999]\ni64 (1000,)"));
  std::istringstream lines(s);
  for (std::string line; std::getline(lines, line);) {
    CHECK(line.size() <= 102);
    CHECK_FALSE(line.ends_with(' '));
  }
}

TEST_CASE("print: a view is read through its strides") {
  const Tensor x = tensor({{1, 2, 3}, {4, 5, 6}});
  CHECK(to_string(detail::view(x, {3, 2}, {1, 3})) == "[[1. 4.]\n [2. 5.]\n [3. 6.]]");
  CHECK(to_string(detail::view(x, {2, 2}, {0, 2}, 1)) == "[[2. 4.]\n [2. 4.]]");
  std::ostringstream out;
  out << detail::view(x, {}, {}, 4);
  CHECK(out.str() == "5");
}

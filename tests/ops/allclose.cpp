// allclose and equal, on which the other tests stand.
#include <gradus/ops.hpp>

#include <limits>

#include "support.hpp"

using namespace gradus;

TEST_CASE("equal: shape, dtype and every number; NaN meets NaN") {
  constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor x = tensor({{1, 2}, {3, 4}});
  CHECK(equal(x, tensor({{1, 2}, {3, 4}})));
  CHECK(equal(x.t().t(), x));
  CHECK(equal(x.t(), tensor({{1, 3}, {2, 4}})));
  CHECK_FALSE(equal(x, tensor({{1, 2}, {3, 5}})));
  CHECK_FALSE(equal(x, x.to(f64)));
  CHECK_FALSE(equal(x, x.reshape({4})));
  CHECK(equal(tensor({nan, inf, 0}), tensor({nan, inf, -0.0})));
  CHECK_FALSE(equal(tensor({nan}), tensor({0})));
  CHECK_FALSE(equal(full({1}, 1, i64), full({1}, 2, i64)));
  CHECK(equal(zeros({0, 2}), zeros({0, 2})));
  CHECK_FALSE(equal(zeros({0, 2}), zeros({2, 0})));
  CHECK(equal(x > 2, x >= 3));
}

TEST_CASE("allclose: within both tolerances, of finite numbers") {
  constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const auto close = [](double a, double b) { return allclose(scalar(a, f64), scalar(b, f64), 0.1, 0.01); };
  CHECK(close(109, 100));
  CHECK_FALSE(close(111, 100));
  CHECK(close(0.009, 0));
  CHECK_FALSE(close(0.011, 0));
  CHECK(close(inf, inf));
  CHECK_FALSE(close(inf, -inf));
  CHECK_FALSE(close(1, inf));
  CHECK_FALSE(close(inf, 1));
  CHECK(close(nan, nan));
  CHECK_FALSE(close(nan, 1));
  CHECK_FALSE(allclose(ones({2}), ones({2}, f64)));
  CHECK_FALSE(allclose(ones({2}), ones({3})));
  CHECK_SAYS(allclose(Tensor(), ones({2})), "allclose: the tensor is undefined");
  CHECK_SAYS(equal(ones({2}), Tensor()), "equal: the tensor is undefined");
}

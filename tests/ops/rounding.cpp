// Whole numbers, angles and gammas: values by hand and by formulas, edges, errors.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include <gradus/gradus.hpp>

#include "support.hpp"

using namespace gradus;

namespace {

const double inf = std::numeric_limits<double>::infinity(), NaN = std::numeric_limits<double>::quiet_NaN();
const double pi = std::numbers::pi;

// The gradient of sum(f(x)), by the fused and by the recorded rule.
template <class F>
Tensor slope(F f, const Tensor& x) {
  Tape tape;
  tape.watch(x);
  const Tensor y = f(x);
  const Tensor fused = tape.gradient(sum(y), {x})[0];
  CHECK(allclose(fused, tape.gradient(sum(y), {x}, {.record = true})[0].detach(), 1e-6, 1e-12));
  return fused;
}

}  // namespace

TEST_CASE("floor, ceil and round") {
  const Tensor x = tensor({-2.5, -1.5, -0.5, 0, 0.5, 1.5, 2.5, 2.51}, f64);
  CHECK(equal(floor(x), tensor({-3, -2, -1, 0, 0, 1, 2, 2}, f64)));
  CHECK(equal(ceil(x), tensor({-2, -1, 0, 0, 1, 2, 3, 3}, f64)));
  CHECK(equal(round(x), tensor({-2, -2, 0, 0, 0, 2, 2, 3}, f64)));
  for (const DType dtype : {f32, f64})
    for (Tensor (*const f)(Arg) : std::initializer_list<Tensor (*)(Arg)>{floor, ceil, round}) {
      const Tensor y = f(tensor({inf, -inf, NaN, 1e30, -0.0}, dtype));
      CHECK(y[0].item() == inf);
      CHECK(y[1].item() == -inf);
      CHECK(std::isnan(y[2].item()));
      CHECK(y[3].item() == doctest::Approx(1e30));
      CHECK(std::signbit(y[4].item()));
    }
  CHECK(equal(floor(tensor({-3, 7}, i64)), tensor({-3, 7}, i64)));
  CHECK(equal(slope([](const Tensor& v) { return round(v); }, x), zeros_like(x)));
}

TEST_CASE("remainder has the sign of its divisor and no rounding") {
  CHECK(equal(remainder(tensor({5, -5, 5, -5, 6, 0}), tensor({3, 3, -3, -3, 3, 3})), tensor({2, 1, -1, -2, 0, 0})));
  CHECK(equal(remainder(tensor({7, -7, 7, -7}, i64), tensor({3, 3, -3, -3}, i64)), tensor({1, 2, -2, -1}, i64)));
  CHECK(equal(remainder(arange(6), 3), tensor({0, 1, 2, 0, 1, 2}, i64)));
  CHECK(remainder(scalar(1e16, f64), 3).item() == std::fmod(1e16, 3));
  CHECK(remainder(scalar(5, f64), inf).item() == 5);
  CHECK(std::isnan(remainder(scalar(5), 0).item()));
  CHECK(std::isnan(remainder(scalar(inf), 2).item()));
  const std::int64_t least = std::numeric_limits<std::int64_t>::min();
  CHECK(remainder(full({}, least, i64), -1).item<std::int64_t>() == 0);
  CHECK_SAYS(remainder(arange(3), zeros({3}, i64)), "remainder: a divisor is 0");
  // The quotient 0.3 / 0.1 rounds to 3 from below: the gradient takes the 2 that the value has taken.
  const Tensor b = scalar(0.1, f64);
  CHECK(slope([](const Tensor& v) { return remainder(scalar(0.3, f64), v); }, b).item() == -2);
}

TEST_CASE("atan2 goes around the circle") {
  const Tensor angle = linspace(-3, 3, 41, f64);
  CHECK(allclose(atan2(sin(angle) * 2.0, cos(angle) * 2.0), angle, 1e-14, 1e-14));
  CHECK(
      equal(atan2(tensor({0.0, 0.0, 1, -1}, f64), tensor({1, -1, 0, 0}, f64)), tensor({0, pi, pi / 2, -pi / 2}, f64)));
  CHECK(std::signbit(atan2(scalar(-0.0), 0).item()));
  CHECK(equal(slope([](const Tensor& v) { return atan2(v, zeros_like(v)); }, zeros({2}, f64)), zeros({2}, f64)));
  // Squares of these legs overflow and vanish; the slopes do not.
  const Tensor g = slope([](const Tensor& v) { return atan2(v, ones_like(v) * 3e30); }, tensor({4e30}));
  CHECK(g.item() == doctest::Approx(3.0 / 25 * 1e-30).epsilon(1e-5));
  const Tensor h = slope([](const Tensor& v) { return atan2(v, ones_like(v) * 3e-30); }, tensor({4e-30}));
  CHECK(h.item() == doctest::Approx(3.0 / 25 * 1e30).epsilon(1e-5));
}

TEST_CASE("inverse and hyperbolic functions") {
  const Tensor x = linspace(-0.99, 0.99, 31, f64);
  CHECK(allclose(sin(asin(x)), x, 1e-14, 1e-15));
  CHECK(allclose(asin(x) + acos(x), full({31}, pi / 2, f64), 1e-14, 0));
  CHECK(allclose(tan(atan(x * 5.0)), x * 5.0, 1e-13, 1e-14));
  CHECK(allclose(sinh(x), (exp(x) - exp(-x)) * 0.5, 1e-14, 1e-15));
  CHECK(allclose(cosh(x), (exp(x) + exp(-x)) * 0.5, 1e-14, 1e-15));
  CHECK(equal(log2(pow(2.0, arange(0, 20, 1, f64))), arange(0, 20, 1, f64)));
  CHECK(std::isnan(asin(scalar(1.5)).item()));
  CHECK(std::isinf(slope([](const Tensor& v) { return asin(v); }, scalar(1, f64)).item()));
  CHECK(slope([](const Tensor& v) { return acos(v); }, scalar(-1, f64)).item() == -inf);
  CHECK(slope([](const Tensor& v) { return asin(v) * 0.0; }, scalar(1, f64)).item() == 0);
  CHECK(slope([](const Tensor& v) { return atan(v); }, scalar(1e200, f64)).item() == 0);
}

TEST_CASE("lgamma, digamma and polygamma") {
  CHECK(allclose(lgamma(tensor({1, 2, 5, 0.5}, f64)), tensor({0, 0, std::log(24.0), std::log(pi) / 2}, f64), 1e-14,
                 1e-15));
  CHECK(equal(lgamma(tensor({0, -1, -30}, f64)), full({3}, inf, f64)));
  const double euler = std::numbers::egamma;
  CHECK(
      allclose(digamma(tensor({1, 2, 0.5}, f64)), tensor({-euler, 1 - euler, -euler - 2 * std::log(2.0)}, f64), 1e-14));
  CHECK(digamma(scalar(0.0, f64)).item() == -inf);
  CHECK(digamma(scalar(-0.0, f64)).item() == inf);
  CHECK(std::isnan(digamma(scalar(-3, f64)).item()));
  const double zeta3 = 1.2020569031595942;
  CHECK(polygamma(1, scalar(1, f64)).item() == doctest::Approx(pi * pi / 6).epsilon(1e-14));
  CHECK(polygamma(1, scalar(0.5, f64)).item() == doctest::Approx(pi * pi / 2).epsilon(1e-14));
  CHECK(polygamma(2, scalar(1, f64)).item() == doctest::Approx(-2 * zeta3).epsilon(1e-14));
  CHECK(polygamma(3, scalar(1, f64)).item() == doctest::Approx(std::pow(pi, 4) / 15).epsilon(1e-14));
  CHECK(polygamma(1, scalar(-2, f64)).item() == inf);
  CHECK(polygamma(2, scalar(0, f64)).item() == -inf);
  // psi(x + 1) - psi(x) = 1 / x, and likewise for each derivative, on both sides of 0.
  const Tensor x = tensor({-7.3, -2.5, -0.1, 0.001, 0.7, 3, 12, 1e5}, f64);
  CHECK(allclose(digamma(x + 1) - digamma(x), 1.0 / x, 1e-10, 1e-11));
  CHECK(allclose(polygamma(1, x + 1) - polygamma(1, x), -1.0 / square(x), 1e-10, 1e-11));
  CHECK(allclose(polygamma(4, x + 1) - polygamma(4, x), 24.0 / pow(x, 5), 1e-10, 1e-11));
  CHECK(allclose(slope([](const Tensor& v) { return lgamma(v); }, x), digamma(x), 1e-14));
  CHECK(lgamma(scalar(1e5)).dtype() == f32);
  CHECK_SAYS(polygamma(-1, x), "polygamma: the order is out of range", "0 to 100");
}

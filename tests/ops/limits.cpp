// Where a rule would multiply 0 by infinity: the limit comes out, forward and backward, to second order.
#include <gradus/ops.hpp>
#include <gradus/tape.hpp>

#include <cmath>
#include <functional>
#include <limits>

#include "support.hpp"

using namespace gradus;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity(), NaN = std::numeric_limits<double>::quiet_NaN();

bool finite(const Tensor& x) {
  for (const double v : x.to_vector())
    if (!std::isfinite(v)) return false;
  return true;
}

using F = std::function<Tensor(const Tensor&)>;

// The gradient of sum(f(x)): by the fused rules, by the recorded rules; and the gradient of the sum of its squares.
struct Gradients {
  Tensor fused, recorded, second;
  Gradients(const F& f, const Tensor& x) {
    Tape tape;
    tape.watch(x);
    const Tensor y = sum(f(x));
    fused = tape.gradient(y, {x})[0];
    recorded = tape.gradient(y, {x}, {.record = true})[0];
    const Tensor total = sum(square(recorded)) + sum(recorded);  // constant, where f is linear
    second = tape.index_of(total) >= 0 ? tape.gradient(total, {x})[0] : zeros_like(x);
  }
};

}  // namespace

TEST_CASE("a branch that where does not take sends no NaN back, to second order") {
  struct Row {
    const char* name;
    F f;
    double bad;  // where the branch or its slope is infinite or NaN
    double good, slope, second;
  };
  const Row rows[] = {
      {"sqrt", [](auto& x) { return sqrt(x); }, 0, 4, 0.25, -1 / 32.0},
      {"sqrt of -1", [](auto& x) { return sqrt(x); }, -1, 4, 0.25, -1 / 32.0},
      {"rsqrt", [](auto& x) { return rsqrt(x); }, 0, 1, -0.5, 0.75},
      {"log", [](auto& x) { return log(x); }, 0, 2, 0.5, -0.25},
      {"log1p", [](auto& x) { return log1p(x); }, -1, 1, 0.5, -0.25},
      {"1 / x", [](auto& x) { return 1.0 / x; }, 0, 2, -0.25, 0.25},
      {"x / x", [](auto& x) { return x / x; }, 0, 2, 0, 0},
      {"reciprocal", [](auto& x) { return reciprocal(x); }, 0, 2, -0.25, 0.25},
      {"x^0.5", [](auto& x) { return pow(x, 0.5); }, 0, 4, 0.25, -1 / 32.0},
      {"x^-1", [](auto& x) { return pow(x, -1); }, 0, 2, -0.25, 0.25},
      {"x^x", [](auto& x) { return pow(x, x); }, 0, 1, 1, 2},
      {"x log x", [](auto& x) { return x * log(x); }, 0, 1, 1, 1},
      {"exp", [](auto& x) { return exp(x); }, 1000, 0, 1, 1},
      {"expm1", [](auto& x) { return expm1(x); }, 1000, 0, 1, 1},
      {"square", [](auto& x) { return square(x); }, inf, 1, 2, 2},
      {"tan", [](auto& x) { return tan(x); }, inf, 0, 1, 0},
      {"sin", [](auto& x) { return sin(x); }, inf, 0, 1, 0},
      {"cos", [](auto& x) { return cos(x); }, inf, 0, 0, -1},
      {"abs", [](auto& x) { return abs(x); }, NaN, 2, 1, 0},
      {"tanh", [](auto& x) { return tanh(x); }, NaN, 0, 1, 0},
      {"sigmoid", [](auto& x) { return sigmoid(x); }, NaN, 0, 0.25, 0},
      {"log_sigmoid", [](auto& x) { return log_sigmoid(x); }, NaN, 0, 0.5, -0.25},
      {"erf", [](auto& x) { return erf(x); }, NaN, 0, 2 / std::sqrt(std::acos(-1.0)), 0},
      {"silu", [](auto& x) { return silu(x); }, NaN, 0, 0.5, 0.5},
      {"gelu", [](auto& x) { return gelu(x); }, NaN, 0, 0.5, 2 / std::sqrt(2 * std::acos(-1.0))},
      {"gelu_tanh", [](auto& x) { return gelu(x, Gelu::tanh); }, NaN, 0, 0.5, 2 / std::sqrt(2 * std::acos(-1.0))},
      {"softplus", [](auto& x) { return softplus(x); }, NaN, 0, 0.5, 0.25},
      {"elu", [](auto& x) { return elu(x); }, NaN, 1, 1, 0},
  };
  for (const Row& row : rows) {
    INFO(std::string(row.name));
    const Tensor x = tensor({row.bad, row.good}, f64), taken = tensor({0, 1}, boolean);
    const Gradients g([&](const Tensor& in) { return where(taken, row.f(in), 0.5); }, x);
    INFO(to_string(g.fused), to_string(g.recorded), to_string(g.second));
    CHECK(allclose(g.fused, tensor({0, row.slope}, f64), 1e-12, 1e-14));
    CHECK(allclose(g.recorded, tensor({0, row.slope}, f64), 1e-12, 1e-14));
    CHECK(allclose(g.second, tensor({0, row.second * (2 * row.slope + 1)}, f64), 1e-12, 1e-14));
  }
}

TEST_CASE("a gradient of 0 stays 0, and its own derivative is the slope") {
  // w sqrt(x) at w = 0: the gradient of x is 0, but d²/dw dx is not.
  const Tensor w = zeros({2}, f64), x = tensor({1, 4}, f64);
  Tape tape;
  tape.watch(w);
  tape.watch(x);
  const Tensor gx = tape.gradient(sum(w * sqrt(x)), {x}, {.record = true})[0];
  CHECK(equal(gx, zeros({2}, f64)));
  CHECK(allclose(tape.gradient(sum(gx), {w})[0], tensor({0.5, 0.25}, f64)));
  CHECK(equal(chain_mul(tensor({0, -0.0, 2}), tensor({inf, NaN, 3})), tensor({0, 0, 6})));
  CHECK(equal(chain_div(tensor({0, 0, 6}), tensor({0, NaN, 3})), tensor({0, 0, 2})));
}

TEST_CASE("x^b at b = 0 keeps its mixed derivative") {
  const Tensor a = tensor({2}, f64), b = tensor({0}, f64);
  Tape tape;
  tape.watch(a);
  tape.watch(b);
  const Tensor ga = tape.gradient(pow(a, b), {a}, {.record = true})[0];
  CHECK(ga.item() == 0);
  CHECK(tape.gradient(ga, {b})[0].item() == doctest::Approx(0.5));  // d/db (b a^(b-1)) = 1 / a
}

TEST_CASE("attention: a query that may attend to nothing gets zeros and no gradient, with masks of both kinds") {
  manual_seed(4);
  const Tensor q = randn({3, 4}, f64), k = randn({3, 4}, f64), v = randn({3, 4}, f64);
  const Tensor numbers = tensor({{0, -inf, -inf}, {-inf, -inf, -inf}, {0, 0, 0}}, f64), flags = eq(numbers, 0);
  for (const Tensor& mask : {numbers, flags}) {
    const auto f = [&](const Tensor& x) { return scaled_dot_product_attention(x, k, v, mask); };
    const Tensor y = f(q);
    CHECK(allclose(y[0], v[0]));
    CHECK(equal(y[1], zeros({4}, f64)));
    CHECK(finite(y[2]));
    const Gradients g(f, q);
    CHECK(finite(g.fused));
    CHECK(equal(g.fused[1], zeros({4}, f64)));
    CHECK(allclose(g.fused, g.recorded, 1e-10, 1e-14));
    CHECK(finite(g.second));
    const Gradients of_keys([&](const Tensor& x) { return scaled_dot_product_attention(q, x, x, mask); }, k);
    CHECK(finite(of_keys.fused));
    CHECK(finite(of_keys.second));
  }
}

TEST_CASE("losses of certain and of impossible classes") {
  const auto none = Reduction::none;
  SUBCASE("cross_entropy: probability 0 at logit -inf") {
    const Tensor x = tensor({{0.5, -inf, 1}}, f64), t = tensor({{0.5, 0, 0.5}}, f64);
    CHECK(cross_entropy(x, t).item() == doctest::Approx(0.7240769841801067).epsilon(1e-12));
    const Gradients g([&](const Tensor& in) { return cross_entropy(in, t); }, x);
    CHECK(finite(g.second));
    CHECK(allclose(g.fused, softmax(x, 1) - t, 1e-12, 1e-14));
    CHECK(allclose(g.recorded, g.fused, 1e-12, 1e-14));
    CHECK(finite(cross_entropy(x, t, {.weight = tensor({1, 2, 3}, f64)})));
  }
  SUBCASE("cross_entropy of a logit of +inf: certain, and right where its label says so") {
    const Tensor x = tensor({{inf, 1}, {1, inf}}, f64);
    CHECK(equal(cross_entropy(x, tensor({0, 0}, i64), {.reduction = none}), tensor({0, inf}, f64)));
    const Gradients g([](const Tensor& in) { return cross_entropy(in, tensor({0, 1}, i64)); }, x);
    CHECK(equal(g.fused, zeros({2, 2}, f64)));
    CHECK(equal(g.recorded, zeros({2, 2}, f64)));
    CHECK(finite(g.second));
    CHECK(equal(softmax(tensor({{inf, -inf}, {1, 0}}, f64), 0), tensor({{1, 0}, {0, 1}}, f64)));  // by columns
  }
  SUBCASE("a class of weight 0 does not count") {
    const Tensor x = tensor({{0, -inf}, {0, 0}}, f64), t = tensor({1, 0}, i64), w = tensor({1, 0}, f64);
    CHECK(cross_entropy(x, t, {.weight = w}).item() == doctest::Approx(std::log(2)));
    CHECK(finite(Gradients([&](const Tensor& in) { return cross_entropy(in, t, {.weight = w}); }, x).second));
  }
  SUBCASE("bce_with_logits at ±inf") {
    const Tensor x = tensor({inf, -inf}, f64), t = tensor({1, 0}, f64);
    CHECK(equal(bce_with_logits_loss(x, t, {.reduction = none}), zeros({2}, f64)));
    CHECK(equal(bce_with_logits_loss(x, 1 - t, {.reduction = none}), full({2}, inf, f64)));
    const Gradients right([&](const Tensor& in) { return bce_with_logits_loss(in, t); }, x);
    CHECK(equal(right.fused, zeros({2}, f64)));
    CHECK(equal(right.recorded, zeros({2}, f64)));
    CHECK(finite(right.second));
    const Gradients wrong([&](const Tensor& in) { return bce_with_logits_loss(in, 1 - t); }, x);
    CHECK(equal(wrong.fused, tensor({0.5, -0.5}, f64)));
  }
  SUBCASE("bce at 0 and 1") {
    const Tensor x = tensor({1, 0}, f64);
    CHECK(equal(bce_loss(x, x, {.reduction = none}), zeros({2}, f64)));
    CHECK(finite(Gradients([&](const Tensor& in) { return bce_loss(in, x); }, x).fused));
  }
  SUBCASE("kl_div: probability 0 at log-probability -inf") {
    const Tensor x = log(tensor({0, 0.5, 0.5}, f64)), t = tensor({0, 0.25, 0.75}, f64);
    for (const bool log_target : {false, true}) {
      const Tensor target = log_target ? log(t) : t;
      const auto f = [&](const Tensor& in) {
        return kl_div(in, target, {.log_target = log_target, .reduction = Reduction::sum});
      };
      CHECK(f(x).item() == doctest::Approx(0.25 * std::log(0.5) + 0.75 * std::log(1.5)));
      const Gradients g(f, x);
      CHECK(allclose(g.fused, -t));
      CHECK(finite(g.second));
      CHECK(
          finite(Gradients([&](const Tensor& in) { return kl_div(x, in, {.log_target = log_target}); }, target).fused));
    }
  }
  SUBCASE("triplet_margin_loss of equal points") {
    const Tensor x = ones({1, 3}, f64);
    for (const double p : {0.5, 1.0, 2.0, 3.0, inf}) {
      CAPTURE(p);
      const Gradients g([&](const Tensor& in) { return triplet_margin_loss(in, x, x, {.p = p, .eps = 0}); }, x);
      CHECK(equal(g.fused, zeros({1, 3}, f64)));
      CHECK(finite(g.second));
    }
  }
}

TEST_CASE("logsumexp with +inf: the infinite element takes the gradient") {
  const Tensor x = tensor({{inf, 1}, {2, -inf}, {-inf, -inf}}, f64);
  const Gradients g([](const Tensor& in) { return logsumexp(in, 1); }, x);
  CHECK(equal(g.fused, tensor({{1, 0}, {1, 0}, {0, 0}}, f64)));
  CHECK(equal(g.recorded, g.fused));
  CHECK(equal(g.second, zeros({3, 2}, f64)));
}

TEST_CASE("norm: every p by its definition") {
  const Tensor x = tensor({{3, -4, 0}, {1, -2, 2}}, f64);
  CHECK(allclose(norm(x), sqrt(sum(square(x)))));
  CHECK(equal(norm(x, 2, 1), tensor({5, 3}, f64)));
  CHECK(equal(norm(x, 2, 1, true), tensor({{5}, {3}}, f64)));
  CHECK(equal(norm(x, 1, 1), tensor({7, 5}, f64)));
  CHECK(equal(norm(x, 0, 1), tensor({2, 3}, f64)));
  CHECK(equal(norm(x, inf, 1), tensor({4, 2}, f64)));
  CHECK(equal(norm(x, -inf, 1), tensor({0, 1}, f64)));
  CHECK(allclose(norm(x, 3, 1), pow(sum(pow(abs(x), 3), 1), 1 / 3.0)));
  CHECK(allclose(norm(x, 0.5, 1), pow(sum(pow(abs(x), 0.5), 1), 2)));
  CHECK(allclose(norm(x, -1, 1), tensor({0, 0.5}, f64)));
  CHECK(equal(norm(zeros({0}, f64)), scalar(0, f64)));
  CHECK(equal(norm(zeros({2, 0}, f64), 2, 1), zeros({2}, f64)));
  CHECK(std::isnan(norm(tensor({1, NaN}, f64)).item()));
  CHECK(norm(tensor({1, inf}, f64)).item() == inf);
}

TEST_CASE("norm: no overflow, and subgradient 0 at 0 for every p, to second order") {
  CHECK(norm(tensor({3e200, 4e200}, f64)).item() == doctest::Approx(5e200));
  CHECK(norm(tensor({3e-200, 4e-200}, f64)).item() == doctest::Approx(5e-200));
  CHECK(norm(tensor({3e30, 4e30})).item() == doctest::Approx(5e30));
  for (const double p : {-inf, -2.0, -1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 1e308, inf}) {
    CAPTURE(p);
    const Gradients zero([p](const Tensor& x) { return norm(x, p, 1); }, zeros({2, 3}, f64));
    CHECK(equal(zero.fused, zeros({2, 3}, f64)));
    CHECK(equal(zero.recorded, zeros({2, 3}, f64)));
    CHECK(equal(zero.second, zeros({2, 3}, f64)));
    const Gradients some([p](const Tensor& x) { return norm(x, p, 1); }, tensor({{0, 1, -2}}, f64));
    CHECK(finite(some.fused));
    CHECK(finite(some.second));
    CHECK(some.fused.at({0, 0}) == 0);
  }
  const Gradients infinite([](const Tensor& x) { return norm(x); }, tensor({1, -inf}, f64));
  CHECK(equal(infinite.fused, tensor({0, -1}, f64)));
  // The second derivative at an element of 0 beside others is 1 / y: sum(square(g)) is 1, sum(g) is (x0 + x1) / y.
  const Gradients beside([](const Tensor& x) { return norm(x); }, tensor({0, 2}, f64));
  CHECK(allclose(beside.second, tensor({0.5, 0}, f64), 1e-12, 1e-14));
  CHECK_SAYS(norm(ones({2}), NaN), "norm: p is out of range", "nan", "limits.cpp:");
  CHECK_SAYS(norm(ones({2}, i64)), "norm", "i64");
}

// Each optimizer against its formula, worked out in plain numbers.
#include <algorithm>
#include <cmath>

#include <gradus/optim/optim.hpp>

#include "support.hpp"

using namespace gradus;
using namespace gradus::optim;

namespace {

const std::vector<double> gradients{0.5, -1.5, 0.25, -0.125, 2, 1};
constexpr double start = 1.5;

// Where one number goes under the gradients above.
template <class Opt, class Options>
std::vector<double> path(const Options& options) {
  Tensor p = scalar(start, f64).requires_grad_();
  Opt opt({p}, options);
  std::vector<double> places;
  for (const double g : gradients) {
    p.set_grad(scalar(g, f64));
    opt.step();
    places.push_back(p.item());
  }
  return places;
}

// Where step(p, g, t) says it goes.
template <class Step>
std::vector<double> expected(Step step) {
  std::vector<double> places;
  double p = start, t = 0;
  for (const double g : gradients) {
    step(p, g, ++t);
    places.push_back(p);
  }
  return places;
}

void check_same(const std::vector<double>& got, const std::vector<double>& want) {
  REQUIRE(got.size() == want.size());
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == doctest::Approx(want[i]).epsilon(1e-13));
}

}  // namespace

TEST_CASE("SGD") {
  check_same(path<SGD>(SGDOptions{.lr = 0.1}), expected([](double& p, double g, double) { p -= 0.1 * g; }));
  check_same(path<SGD>(SGDOptions{.lr = 0.1, .weight_decay = 0.01, .maximize = true}),
             expected([](double& p, double g, double) { p -= 0.1 * (-g + 0.01 * p); }));
  for (const bool nesterov : {false, true}) {
    const double dampening = nesterov ? 0 : 0.3;
    double b = 0;
    check_same(path<SGD>(SGDOptions{.lr = 0.1, .momentum = 0.9, .dampening = dampening, .nesterov = nesterov}),
               expected([&](double& p, double g, double t) {
                 b = t == 1 ? g : 0.9 * b + (1 - dampening) * g;
                 p -= 0.1 * (nesterov ? g + 0.9 * b : b);
               }));
  }
}

TEST_CASE("SGD: momentum that is switched on late starts as the gradient") {
  Tensor p = scalar(0, f64).requires_grad_();
  SGD opt({p}, {.lr = 1, .dampening = 0.5});
  const auto step = [&] {
    p.set_grad(scalar(1, f64));
    opt.step();
  };
  step();
  CHECK(p.item() == -1);
  opt.options().momentum = 0.5;
  step();
  CHECK(p.item() == -2);
  step();
  CHECK(p.item() == -3);
  opt.options().momentum = 0;
  step();
  CHECK(p.item() == -4);
}

TEST_CASE("Adam and AdamW") {
  // Whatever the gradient, the first step is lr long.
  CHECK(path<Adam>(AdamOptions{.lr = 0.01, .eps = 0})[0] == doctest::Approx(start - 0.01).epsilon(1e-14));
  for (const bool decoupled : {false, true})
    for (const bool amsgrad : {false, true}) {
      double m = 0, v = 0, w = 0;
      const auto want = expected([&](double& p, double g, double t) {
        const double d = decoupled ? g : g + 0.1 * p;
        m = 0.8 * m + 0.2 * d;
        v = 0.9 * v + 0.1 * d * d;
        w = amsgrad ? std::max(w, v) : v;
        if (decoupled) p *= 1 - 0.05 * 0.1;
        p -= 0.05 / (1 - std::pow(0.8, t)) * m / (std::sqrt(w / (1 - std::pow(0.9, t))) + 1e-3);
      });
      if (decoupled)
        check_same(path<AdamW>(AdamWOptions{
                       .lr = 0.05, .betas = {0.8, 0.9}, .eps = 1e-3, .weight_decay = 0.1, .amsgrad = amsgrad}),
                   want);
      else
        check_same(path<Adam>(AdamOptions{
                       .lr = 0.05, .betas = {0.8, 0.9}, .eps = 1e-3, .weight_decay = 0.1, .amsgrad = amsgrad}),
                   want);
    }
}

TEST_CASE("NAdam") {
  for (const bool decoupled : {false, true}) {
    double m = 0, v = 0, product = 1;
    const auto mu = [](double t) { return 0.8 * (1 - 0.5 * std::pow(0.96, t * 0.01)); };
    check_same(path<NAdam>(NAdamOptions{.lr = 0.05,
                                        .betas = {0.8, 0.9},
                                        .eps = 1e-3,
                                        .weight_decay = 0.1,
                                        .momentum_decay = 0.01,
                                        .decoupled_weight_decay = decoupled}),
               expected([&](double& p, double g, double t) {
                 const double d = decoupled ? g : g + 0.1 * p;
                 if (decoupled) p *= 1 - 0.05 * 0.1;
                 m = 0.8 * m + 0.2 * d;
                 v = 0.9 * v + 0.1 * d * d;
                 product *= mu(t);
                 const double ahead = (1 - mu(t)) / (1 - product) * d + mu(t + 1) / (1 - product * mu(t + 1)) * m;
                 p -= 0.05 * ahead / (std::sqrt(v / (1 - std::pow(0.9, t))) + 1e-3);
               }));
  }
}

TEST_CASE("RAdam: plain momentum at first, Adam when there is variance enough to estimate") {
  double m = 0, v = 0;
  int rectified = 0;
  check_same(path<RAdam>(RAdamOptions{.lr = 0.05, .betas = {0.8, 0.9}, .eps = 1e-3, .weight_decay = 0.1}),
             expected([&](double& p, double g, double t) {
               const double d = g + 0.1 * p;
               m = 0.8 * m + 0.2 * d;
               v = 0.9 * v + 0.1 * d * d;
               const double decay = std::pow(0.9, t), rate = 0.05 / (1 - std::pow(0.8, t));
               const double limit = 2 / (1 - 0.9) - 1, rho = limit - 2 * t * decay / (1 - decay);
               if (rho <= 5) {
                 p -= rate * m;
                 return;
               }
               ++rectified;
               const double r = std::sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho));
               p -= rate * m * r * std::sqrt(1 - decay) / (std::sqrt(v) + 1e-3);
             }));
  CHECK(rectified == 1);
}

TEST_CASE("Adamax") {
  double m = 0, u = 0;
  check_same(
      path<Adamax>(AdamaxOptions{.lr = 0.05, .betas = {0.8, 0.9}, .eps = 1e-3, .weight_decay = 0.1, .maximize = true}),
      expected([&](double& p, double g, double t) {
        const double d = -g + 0.1 * p;
        m = 0.8 * m + 0.2 * d;
        u = std::max(0.9 * u, std::abs(d) + 1e-3);
        p -= 0.05 / (1 - std::pow(0.8, t)) * m / u;
      }));
}

TEST_CASE("Adagrad") {
  double s = 0.5;
  check_same(path<Adagrad>(AdagradOptions{
                 .lr = 0.05, .lr_decay = 0.1, .weight_decay = 0.1, .initial_accumulator_value = 0.5, .eps = 1e-3}),
             expected([&](double& p, double g, double t) {
               const double d = g + 0.1 * p;
               s += d * d;
               p -= 0.05 / (1 + (t - 1) * 0.1) * d / (std::sqrt(s) + 1e-3);
             }));
}

TEST_CASE("Adadelta") {
  double v = 0, a = 0;
  check_same(path<Adadelta>(AdadeltaOptions{.lr = 0.5, .rho = 0.8, .eps = 1e-3, .weight_decay = 0.1}),
             expected([&](double& p, double g, double) {
               const double d = g + 0.1 * p;
               v = 0.8 * v + 0.2 * d * d;
               const double x = std::sqrt(a + 1e-3) / std::sqrt(v + 1e-3) * d;
               a = 0.8 * a + 0.2 * x * x;
               p -= 0.5 * x;
             }));
}

TEST_CASE("RMSprop") {
  for (const bool centered : {false, true})
    for (const double momentum : {0.0, 0.7}) {
      double v = 0, a = 0, b = 0;
      check_same(
          path<RMSprop>(RMSpropOptions{
              .lr = 0.05, .alpha = 0.8, .eps = 1e-3, .weight_decay = 0.1, .momentum = momentum, .centered = centered}),
          expected([&](double& p, double g, double) {
            const double d = g + 0.1 * p;
            v = 0.8 * v + 0.2 * d * d;
            a = 0.8 * a + 0.2 * d;
            const double x = d / (std::sqrt(centered ? v - a * a : v) + 1e-3);
            b = momentum * b + x;
            p -= 0.05 * b;
          }));
    }
}

TEST_CASE("RMSprop: options that are switched on late") {
  Tensor p = scalar(1, f64).requires_grad_();
  RMSprop opt({p});
  for (int i = 0; i < 3; ++i) {
    p.set_grad(scalar(1, f64));
    opt.step();
    opt.options().centered = true;
    opt.options().momentum = 0.5;
  }
  CHECK(find(opt.state_dict(), "0.grad_avg"));
  CHECK(find(opt.state_dict(), "0.momentum_buffer"));
}

TEST_CASE("Rprop: only signs count") {
  double prev = 0, size = 0.1;
  check_same(path<Rprop>(RpropOptions{.lr = 0.1, .etas = {0.4, 1.5}, .step_sizes = {0.03, 0.12}}),
             expected([&](double& p, double g, double) {
               if (g * prev > 0) size *= 1.5;
               if (g * prev < 0) size *= 0.4;
               size = std::clamp(size, 0.03, 0.12);
               if (g * prev < 0) g = 0;
               p -= size * (g > 0 ? 1 : g < 0 ? -1 : 0);
               prev = g;
             }));
}

TEST_CASE("ASGD: the path and its average") {
  Tensor p = scalar(start, f64).requires_grad_();
  ASGD opt({p}, {.lr = 0.05, .lambd = 0.1, .alpha = 0.6, .t0 = 2, .weight_decay = 0.1});
  double q = start, eta = 0.05, mu = 1, average = 0, t = 0;
  for (const double g : gradients) {
    p.set_grad(scalar(g, f64));
    opt.step();
    q = q * (1 - 0.1 * eta) - eta * (g + 0.1 * q);
    average += mu * (q - average);
    ++t;
    eta = 0.05 / std::pow(1 + 0.1 * 0.05 * t, 0.6);
    mu = 1 / std::max(1.0, t - 2);
    CHECK(p.item() == doctest::Approx(q).epsilon(1e-13));
    CHECK(find(opt.state_dict(), "0.ax")->item() == doctest::Approx(average).epsilon(1e-13));
  }
}

TEST_CASE("Lion") {
  double m = 0;
  check_same(path<Lion>(LionOptions{.lr = 0.05, .betas = {0.7, 0.9}, .weight_decay = 0.1}),
             expected([&](double& p, double g, double) {
               const double c = 0.7 * m + (1 - 0.7) * g;
               p -= 0.05 * ((c > 0 ? 1 : -1) + 0.1 * p);
               m = 0.9 * m + (1 - 0.9) * g;
             }));
}

TEST_CASE("optimizers: a large parameter, and one that is a strided view, step as a small dense one does") {
  const std::int64_t n = 400;
  const Tensor values = randn({n, n}, f64), g = randn({n, n}, f64);
  const auto run = [&](auto make) {
    Tensor whole = values.clone().requires_grad_();
    Tensor strided = values.t().contiguous().t().requires_grad_();
    Tensor corner = values.clone().detach().reshape({n * n});
    Tensor small = from_data(std::vector{corner.at({0}), corner.at({n * n - 1})}, {2}).requires_grad_();
    CHECK_FALSE(strided.is_contiguous());
    auto opt = make(std::vector{whole, strided, small});
    for (int i = 0; i < 3; ++i) {
      whole.set_grad(g);
      strided.set_grad(g.t().contiguous().t());
      small.set_grad(from_data(std::vector{g.at({0, 0}), g.at({-1, -1})}, {2}));
      opt.step();
    }
    CHECK(equal(whole, strided.contiguous()));
    CHECK(whole.at({0, 0}) == doctest::Approx(small.at({0})).epsilon(1e-14));
    CHECK(whole.at({-1, -1}) == doctest::Approx(small.at({1})).epsilon(1e-14));
    CHECK_FALSE(equal(whole.detach(), values));
  };
  run([](std::vector<Tensor> p) { return SGD(p, {.lr = 0.1, .momentum = 0.9, .nesterov = true}); });
  run([](std::vector<Tensor> p) { return Adam(p, {.lr = 0.1, .amsgrad = true}); });
  run([](std::vector<Tensor> p) { return RMSprop(p, {.lr = 0.1}); });
}

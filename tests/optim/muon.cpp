// Muon against its paper's formulas in plain numbers.
#include <algorithm>
#include <cmath>

#include <gradus/nn/nn.hpp>
#include <gradus/ops.hpp>
#include <gradus/optim/muon.hpp>

#include "support.hpp"

using namespace gradus;
using namespace gradus::optim;

namespace {

// The singular values of the iteration follow a polynomial of their own: s -> 3.4445 s - 4.775 s³ + 2.0315 s⁵.
double polynomial(double s, int steps) {
  for (int i = 0; i < steps; ++i) s = 3.4445 * s - 4.775 * std::pow(s, 3) + 2.0315 * std::pow(s, 5);
  return s;
}

// Q diag(s) Pᵀ of n rows and as many columns as s, Q and P reflections.
Tensor with_singular_values(std::vector<double> s, std::int64_t rows) {
  const auto columns = static_cast<std::int64_t>(s.size());
  const auto reflection = [](std::int64_t n, double first) {
    Tensor u = arange(first, first + static_cast<double>(n) - 0.5, 1, f64);
    u = u / sqrt(sum(square(u)));
    return eye(n, f64) - 2 * u.reshape({n, 1}) * u.reshape({1, n});
  };
  const Tensor q = slice(reflection(rows, 1), {{}, {0, columns}});
  return matmul(q, from_data(s, {columns, 1}) * reflection(columns, 2));
}

}  // namespace

TEST_CASE("orthogonalize: keeps the singular vectors and moves each singular value by the polynomial") {
  const std::vector<double> s{0.9, 0.4, 0.05};
  const double norm = std::sqrt(0.81 + 0.16 + 0.0025) + 1e-7;
  for (const int steps : {0, 1, 5}) {
    std::vector<double> want;
    for (const double v : s) want.push_back(polynomial(v / norm, steps));
    for (const std::int64_t rows : {3, 7}) {
      const Tensor m = with_singular_values(s, rows), expected = with_singular_values(want, rows);
      CHECK(allclose(orthogonalize(m, steps), expected, 1e-10, 1e-12));
      CHECK(allclose(orthogonalize(m.t(), steps), expected.t(), 1e-10, 1e-12));
    }
    if (steps == 5)
      for (const double v : want) CHECK((v > 0.68 && v < 1.21));
  }
  CHECK(equal(orthogonalize(zeros({2, 3}, f64)), zeros({2, 3}, f64)));
  CHECK_SAYS(orthogonalize(zeros({2})), "orthogonalize: the tensor is not a matrix", "(2,)", "muon.cpp");
}

TEST_CASE("Muon: matrices by their momentum orthogonalized, vectors by AdamW") {
  for (const bool nesterov : {true, false}) {
    manual_seed(4);
    Tensor w = randn({4, 2, 3}, f64).requires_grad_(), v = tensor({1.5, -2}, f64).requires_grad_();
    const MuonOptions o{.lr = 0.1, .momentum = 0.8, .weight_decay = 0.2, .nesterov = nesterov, .adam_ratio = 0.5};
    Muon opt({w, v}, o);
    Tensor p = w.detach().clone(), b = zeros({4, 2, 3}, f64);
    double q = 1.5, m = 0, s = 0;
    for (int t = 1; t <= 3; ++t) {
      const Tensor g = randn({4, 2, 3}, f64);
      const double gv = 0.3 * t - 0.5;
      w.set_grad(g);
      v.set_grad(tensor({gv, 1}, f64));
      opt.step();
      b = b * 0.8 + g * 0.2;
      const Tensor d = nesterov ? b * 0.8 + g * 0.2 : b;
      p = p * (1 - 0.1 * 0.2) - orthogonalize(d.reshape({4, 6})).reshape({4, 2, 3}) * 0.1;
      CHECK(allclose(w.detach(), p, 1e-12, 1e-12));
      q *= 1 - 0.05 * 0.2;
      m = 0.9 * m + 0.1 * gv, s = 0.95 * s + 0.05 * gv * gv;
      q -= 0.05 * (m / (1 - std::pow(0.9, t))) / (std::sqrt(s / (1 - std::pow(0.95, t))) + 1e-8);
      CHECK(v.at({0}) == doctest::Approx(q).epsilon(1e-12));
    }
    CHECK(find(opt.state_dict(), "0.momentum_buffer"));
    CHECK(find(opt.state_dict(), "1.exp_avg_sq"));
  }
}

TEST_CASE("Muon: a tall matrix moves further, by sqrt(rows / columns)") {
  Tensor tall = zeros({8, 2}, f64).requires_grad_(), wide = zeros({2, 8}, f64).requires_grad_();
  Muon opt({tall, wide}, {.lr = 1});
  const Tensor g = with_singular_values({0.6, 0.5}, 8);
  tall.set_grad(g);
  wide.set_grad(g.t().contiguous());
  opt.step();
  CHECK(allclose(tall.detach(), 2 * wide.detach().t(), 1e-12, 1e-14));
}

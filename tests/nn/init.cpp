// Where weights start: statistics within six standard errors, as in the reference vectors' init.json.
#include <gradus/nn/nn.hpp>
#include <gradus/ops.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "support.hpp"

using namespace gradus;
namespace init = gradus::nn::init;

namespace {

// Mean 0 and this deviation; of a normal distribution, or of a uniform one, which ends at ±sqrt(3) std.
void check_spread(const Tensor& w, double std, bool uniform) {
  const auto x = w.to_vector();
  const double n = static_cast<double>(x.size());
  double sum = 0, squares = 0, largest = 0;
  for (const double v : x) sum += v, largest = std::max(largest, std::abs(v));
  for (const double v : x) squares += (v - sum / n) * (v - sum / n);
  CHECK(std::abs(sum / n) <= 6 * std / std::sqrt(n));
  CHECK(std::abs(std::sqrt(squares / n) - std) <= 6 * std * std::sqrt((uniform ? 0.2 : 0.5) / n));
  if (uniform) {
    CHECK(largest <= std::sqrt(3.0) * std * (1 + 1e-6));
    CHECK(largest >= std::sqrt(3.0) * std * 0.98);
  }
}

}  // namespace

TEST_CASE("gains") {
  using init::Nonlinearity;
  CHECK(init::calculate_gain(Nonlinearity::linear) == 1);
  CHECK(init::calculate_gain(Nonlinearity::conv) == 1);
  CHECK(init::calculate_gain(Nonlinearity::sigmoid) == 1);
  CHECK(init::calculate_gain(Nonlinearity::tanh) == doctest::Approx(1.6666666666666667));
  CHECK(init::calculate_gain(Nonlinearity::relu) == doctest::Approx(1.4142135623730951));
  CHECK(init::calculate_gain(Nonlinearity::leaky_relu) == doctest::Approx(1.4141428569978354));
  CHECK(init::calculate_gain(Nonlinearity::leaky_relu, 0.2) == doctest::Approx(1.3867504905630728));
  CHECK(init::calculate_gain(Nonlinearity::selu) == 0.75);
}

TEST_CASE("xavier and kaiming: the deviation follows from the fans") {
  manual_seed(7);
  const Tensor m = zeros({90, 53}), c = zeros({30, 19, 3, 2}, f64);  // fans 53 and 90; 114 and 180
  check_spread(init::xavier_uniform_(m), std::sqrt(2 / 143.0), true);
  check_spread(init::xavier_normal_(m, 1.5), 1.5 * std::sqrt(2 / 143.0), false);
  check_spread(init::xavier_uniform_(c), std::sqrt(2 / 294.0), true);
  check_spread(init::kaiming_uniform_(m), std::sqrt(2 / 53.0), true);
  check_spread(init::kaiming_normal_(m, {.mode = init::Fan::out}), std::sqrt(2 / 90.0), false);
  check_spread(init::kaiming_uniform_(c, {.a = 0.4}), std::sqrt(2 / 1.16 / 114), true);
  check_spread(init::kaiming_normal_(c, {.mode = init::Fan::out, .nonlinearity = init::Nonlinearity::tanh}),
               5.0 / 3 / std::sqrt(180.0), false);
}

TEST_CASE("uniform, normal, truncated normal, constants") {
  manual_seed(8);
  const Tensor w = zeros({100, 80}, f64);
  check_spread(init::uniform_(w, 1, 3).clone() - 2.0, 1 / std::sqrt(3.0), true);
  check_spread(init::normal_(w, -4, 0.5) + 4.0, 0.5, false);

  init::trunc_normal_(w, 1, 2, 0, 3);  // mean 1; by symmetry ±0.5 … more of the left
  const auto x = w.to_vector();
  CHECK(*std::min_element(x.begin(), x.end()) >= 0);
  CHECK(*std::max_element(x.begin(), x.end()) <= 3);
  // alpha = -1/2, beta = 1: mean 1 + 2 (phi(alpha) - phi(beta)) / (Phi(beta) - Phi(alpha))
  CHECK(mean(w).item() == doctest::Approx(1 + 2 * (0.3520653 - 0.2419707) / (0.8413447 - 0.3085375)).epsilon(0.05));

  CHECK(equal(init::ones_(zeros({2, 2})), ones({2, 2})));
  CHECK(equal(init::zeros_(ones({3})), zeros({3})));
  CHECK(equal(init::constant_(ones({3}), 0.5), full({3}, 0.5)));
  CHECK(equal(init::eye_(ones({2, 3})), tensor({{1, 0, 0}, {0, 1, 0}})));
}

TEST_CASE("truncated normal: both tails alike") {
  for (const double low : {2.0, 5.0, 8.0, 20.0, 36.0}) {
    CAPTURE(low);
    manual_seed(3);
    const auto upper = init::trunc_normal_(zeros({1000}, f64), 0, 1, low, low + 1).to_vector();
    const auto lower = init::trunc_normal_(zeros({1000}, f64), 0, 1, -low - 1, -low).to_vector();
    for (const double sign : {1.0, -1.0}) {
      const auto& x = sign > 0 ? upper : lower;
      CHECK(std::set(x.begin(), x.end()).size() > 990);
      double sum = 0;
      for (const double v : x) {
        CHECK(sign * v >= low);
        CHECK(sign * v <= low + 1);
        sum += sign * v;
      }
      // Far out the end at low + 1 does not matter, and the mean lies just above low (Birnbaum, 1942).
      if (low >= 8) CHECK(sum / 1000 == doctest::Approx((low + std::sqrt(low * low + 4)) / 2).epsilon(0.1 / low / low));
    }
  }
}

TEST_CASE("orthogonal: rows or columns, whichever are fewer, are orthonormal times the gain") {
  manual_seed(9);
  const auto check = [](const Tensor& w, double gain) {
    const Tensor m = w.reshape({w.size(0), -1});
    const bool wide = m.size(0) <= m.size(1);
    const Tensor product = wide ? matmul(m, m, {.transpose_b = true}) : matmul(m, m, {.transpose_a = true});
    CHECK(allclose(product, eye(product.size(0), f64) * (gain * gain), 0, 1e-10));
  };
  check(init::orthogonal_(zeros({90, 53}, f64), 0.576), 0.576);
  check(init::orthogonal_(zeros({20, 50}, f64)), 1);
  check(init::orthogonal_(zeros({8, 3, 3, 2}, f64), 2), 2);
  check(init::orthogonal_(zeros({1, 1}, f64)), 1);
}

TEST_CASE("dirac passes channels on") {
  const Tensor w = init::dirac_(zeros({4, 2, 3, 3}), 2), x = randn({1, 4, 5, 5});
  CHECK(equal(conv2d(x, w, {}, {.padding = 1, .groups = 2}), x));
}

TEST_CASE("initialisers fill parameters in place, repeatably, and record nothing") {
  nn::Linear layer(20, 30);
  const Tensor handle = layer.weight;
  Tape tape;
  manual_seed(5);
  init::kaiming_normal_(layer.weight);
  const Tensor first = handle.clone().detach();
  manual_seed(5);
  init::kaiming_normal_(layer.weight);
  CHECK(equal(handle, first));
  CHECK(layer.weight.requires_grad());
  for (int i = 0; i < tape.size(); ++i) CHECK(std::string(tape[i].name()) != "mul");
}

TEST_CASE("layers start as PyTorch's do") {
  manual_seed(2);
  const nn::Linear linear(64, 90);
  check_spread(linear.weight, 1 / std::sqrt(3 * 64.0), true);
  const nn::Linear wide(3, 3000);
  check_spread(wide.bias, 1 / std::sqrt(3 * 3.0), true);
  const nn::Conv2d conv(6, 80, {3, 5}, {.groups = 2});  // fan_in 3 · 15
  check_spread(conv.weight, 1 / std::sqrt(3 * 45.0), true);
  CHECK(std::abs(max(abs(conv.bias)).item()) <= 1 / std::sqrt(45.0));
  check_spread(nn::Embedding(60, 50).weight, 1, false);

  manual_seed(2);
  CHECK(equal(nn::Linear(64, 90).weight, linear.weight));
}

TEST_CASE("wrong calls") {
  CHECK_SAYS(init::xavier_uniform_(zeros({3})), "xavier_uniform_: too few axes", "(3,)", "2 or more",
             "tests/nn/init.cpp:");
  CHECK_SAYS(init::normal_(zeros({3}, i64)), "normal_: an initialiser needs a floating-point dtype", "got:      i64");
  CHECK_SAYS(init::normal_(Tensor()), "normal_: the tensor is undefined");
  CHECK_SAYS(init::uniform_(zeros({3}), 1, 0), "uniform_: the range is empty", "low 1, high 0");
  CHECK_SAYS(init::trunc_normal_(zeros({3}), 0, 1, 50, 51),
             "trunc_normal_: the normal distribution has no probability in this range");
  CHECK_SAYS(init::eye_(zeros({3, 3, 3})), "eye_: the tensor is not a matrix");
  CHECK_SAYS(init::dirac_(zeros({3, 1, 3}), 2), "dirac_: the output channels", "3 channels, 2 groups");
  const Tensor x = ones({2, 2}).requires_grad_();
  Tape tape;
  CHECK_SAYS(init::zeros_(x * 2.0), "recorded operation", "tests/nn/init.cpp:");
}

// Newton and NewtonCG against formulas: one step on quadratics, known values on Rosenbrock, saddles, and trouble.
#include <cmath>

#include <gradus/nn/nn.hpp>
#include <gradus/ops.hpp>
#include <gradus/optim/newton.hpp>
#include <gradus/optim/newton_cg.hpp>

#include "support.hpp"

using namespace gradus;
using namespace gradus::optim;

namespace {

Tensor rosenbrock(const Tensor& p) { return square(1.0 - p[0]) + 100.0 * square(p[1] - square(p[0])); }
Tensor saddle(const Tensor& p) { return (square(p[0]) - square(p[1])) / 2; }

Tensor leaf(std::initializer_list<Nested> numbers) { return tensor(numbers, f64).requires_grad_(); }

}  // namespace

TEST_CASE("Newton: any quadratic in one step") {
  Tensor x = leaf({10, -7});
  const Tensor a = tensor({{3, 1}, {1, 2}}, f64), b = tensor({1, 1}, f64);
  Newton opt({x});
  const double before = opt.step([&] { return sum(x * matmul(a, x)) / 2 - sum(b * x); });
  CHECK(before == doctest::Approx((3 * 100 + 2 * 49 - 2 * 70) / 2.0 - 3));
  CHECK(x.at({0}) == doctest::Approx(0.2).epsilon(1e-13));
  CHECK(x.at({1}) == doctest::Approx(0.4).epsilon(1e-13));
  CHECK(x.grad().to_vector() == std::vector<double>{22, -5});  // A x - b, before the step
  CHECK(opt.state_dict().size() == 1);
  CHECK(find(opt.state_dict(), "0.step")->item() == 1);
}

TEST_CASE("Newton: Rosenbrock from (-1.2, 1), the values of the textbooks") {
  Tensor x = leaf({-1.2, 1});
  Newton opt({x});
  std::vector<double> f;
  for (int i = 0; i < 8; ++i) f.push_back(opt.step([&] { return rosenbrock(x); }));
  const double known[] = {24.2, 4.7319, 1411.845, 0.0560, 0.3132};
  for (std::size_t i = 0; i < 5; ++i) CHECK(f[i] == doctest::Approx(known[i]).epsilon(2e-3));
  CHECK(f[5] < 1e-10);
  CHECK(f[7] == 0);
}

TEST_CASE("Newton: jumps onto a saddle, damped less far") {
  Tensor x = leaf({1, 1e-3});
  Newton opt({x});
  opt.step([&] { return saddle(x); });
  CHECK(x.to_vector() == std::vector<double>{0, 0});

  Tensor y = leaf({1, 1});
  Newton damped({y}, {.lr = 0.5, .damping = 3});
  damped.step([&] { return saddle(y); });  // g = (1, -1), H + 3 I = diag(4, 2)
  CHECK(y.to_vector() == std::vector<double>{1 - 0.5 / 4, 1 + 0.5 / 2});
}

TEST_CASE("Newton: several parameters of both dtypes are one vector; frozen ones stay") {
  Tensor a = leaf({2, 1}), b = tensor({3}).requires_grad_(), c = tensor({5}, f64);
  Newton opt({a, b, c});
  opt.step([&] { return sum(square(a - 1)) + square(to(b, f64)[0] - a[0] * 2) + sum(c); });
  CHECK(allclose(a.detach(), tensor({1, 1}, f64), 1e-12));
  CHECK(b.item() == doctest::Approx(2).epsilon(1e-6));
  CHECK(c.item() == 5);
}

TEST_CASE("Newton: errors leave everything as it was") {
  Tensor x = leaf({1, 2});
  Newton opt({x});
  CHECK_SAYS(opt.step([&] { return sum(x); }), "Newton: the Hessian is singular", "NewtonCG", "newton.cpp");
  CHECK(x.to_vector() == std::vector<double>{1, 2});
  CHECK_FALSE(x.grad().defined());
  CHECK(opt.state_dict().empty());
  CHECK_SAYS(opt.step(), "step() without an argument", "step([&] { return loss");
  Tensor many = zeros({Newton::most + 1}, f64).requires_grad_();
  CHECK_SAYS(Newton({many}).step([&] { return sum(square(many)); }), "too many parameters", "2001", "NewtonCG");
  opt.add_group({leaf({1})}, {});
  CHECK_SAYS(opt.step([&] { return sum(x); }), "one direction and one step length", "2 groups");
  CHECK_SAYS(Newton({x}, {.damping = -1}), "damping is out of range");
}

TEST_CASE("NewtonCG: a quadratic in one step, with at most n products") {
  manual_seed(2);
  const std::int64_t n = 12;
  const Tensor m = randn({n, n}, f64), a = matmul(m, m.t()) + eye(n, f64), b = randn({n}, f64);
  Tensor x = zeros({n}, f64).requires_grad_();
  NewtonCG opt({x}, {.damping = 0});
  const auto f = [&] { return sum(x * matmul(a, x)) / 2 - sum(b * x); };
  for (int i = 0; i < 12; ++i) opt.step(f);
  CHECK(allclose(matmul(a, x.detach()), b, 1e-7, 1e-7));
  CHECK(opt.products() <= 12 * n);
}

TEST_CASE("NewtonCG: the first step, by hand") {
  // g = (2, 4) at (1, 1), H = diag(2, 4): with damping 2 the first direction is that of -g.
  // q = -g, q·(H + 2)q = 4·4 + 6·16 = 112, alpha = 20/112
  Tensor x = leaf({1, 1});
  NewtonCG opt({x}, {.damping = 2, .cg_iter = 1});
  CHECK(opt.step([&] { return square(x[0]) + 2 * square(x[1]); }) == 3);
  CHECK(x.at({0}) == doctest::Approx(1 - 2 * 20.0 / 112).epsilon(1e-14));
  CHECK(x.at({1}) == doctest::Approx(1 - 4 * 20.0 / 112).epsilon(1e-14));
  CHECK(opt.products() == 1);
  CHECK(opt.damping() == doctest::Approx(2 / 1.5));  // a quadratic keeps its word exactly
  CHECK(x.grad().to_vector() == std::vector<double>{2, 4});
}

TEST_CASE("NewtonCG: goes down Rosenbrock's valley and off a saddle; the loss never rises") {
  Tensor x = leaf({-1.2, 1});
  NewtonCG opt({x});
  double last = INFINITY;
  int steps = 0;
  for (; steps < 60 && last > 1e-12; ++steps) {
    const double f = opt.step([&] { return rosenbrock(x); });
    CHECK(f <= last);
    last = f;
  }
  CHECK(steps < 40);
  CHECK(x.at({0}) == doctest::Approx(1).epsilon(1e-4));

  Tensor y = leaf({1, 1e-3});
  NewtonCG off({y});
  for (int i = 0; i < 30; ++i) off.step([&] { return saddle(y); });
  CHECK(std::abs(y.at({1})) > 1);
}

TEST_CASE("NewtonCG: a network of either dtype is fitted") {
  manual_seed(1);
  for (const DType dtype : {f64, f32}) {
    nn::Sequential net{nn::Linear(2, 8), nn::Tanh(), nn::Linear(8, 1)};
    net.to(dtype);
    const Tensor x = tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}}, dtype), y = tensor({{0}, {1}, {1}, {0}}, dtype);
    NewtonCG opt(net);
    double loss = 1;
    for (int i = 0; i < 60; ++i) loss = opt.step([&] { return mse_loss(net(x), y); });
    CHECK(loss < 1e-4);
  }
}

TEST_CASE("NewtonCG: where nothing lowers the loss it stays and damps more; a loss that throws changes nothing") {
  Tensor x = leaf({1});
  NewtonCG opt({x}, {.damping = 1});
  int calls = 0;
  // It says that it falls, and rises wherever one goes.
  opt.step([&] { return ++calls == 1 ? sum(square(x)) : sum(square(x)).detach() + 100.0; });
  CHECK(x.item() == 1);
  CHECK(opt.damping() == 1.5);

  calls = 0;
  CHECK_THROWS_AS(opt.step([&]() -> Tensor {
    if (++calls > 1) throw std::runtime_error("no more");
    return sum(square(x));
  }),
                  std::runtime_error);
  CHECK(x.item() == 1);
  CHECK(opt.damping() == 1.5);
}

TEST_CASE("NewtonCG: what was saved goes on bit by bit") {
  Tensor x = leaf({-1.2, 1}), y = leaf({-1.2, 1});
  NewtonCG one({x}), two({y});
  CHECK(one.state_dict().empty());
  for (int i = 0; i < 3; ++i) one.step([&] { return rosenbrock(x); });
  y.copy_(x);
  two.load_state_dict(one.state_dict());
  CHECK(two.damping() == one.damping());
  for (int i = 0; i < 3; ++i) {
    one.step([&] { return rosenbrock(x); });
    two.step([&] { return rosenbrock(y); });
  }
  CHECK(equal(x, y));
  StateDict broken = one.state_dict();
  broken[0].second = scalar(-1, f64);
  CHECK_SAYS(two.load_state_dict(broken), "'damping' is out of range", "newton.cpp");
  broken.erase(broken.begin());
  CHECK_SAYS(two.load_state_dict(broken), "'damping' is missing");
}

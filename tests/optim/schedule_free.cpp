// Schedule-free AdamW against its paper's sequences in plain numbers.
#include <algorithm>
#include <cmath>

#include <gradus/ops.hpp>
#include <gradus/optim/schedule_free.hpp>

#include "support.hpp"

using namespace gradus;
using namespace gradus::optim;

TEST_CASE("ScheduleFreeAdamW: the three sequences of the paper") {
  for (const std::int64_t warmup : {0, 4}) {
    const double lr = 0.1, beta1 = 0.9, beta2 = 0.95, eps = 1e-3, decay = 0.1;
    Tensor p = scalar(1.5, f64).requires_grad_();
    ScheduleFreeAdamW opt(
        {p}, {.lr = lr, .betas = {beta1, beta2}, .eps = eps, .weight_decay = decay, .warmup_steps = warmup, .r = 1});
    double x = 1.5, y = 1.5, z = 1.5, v = 0, total = 0, fastest = 0;
    int t = 0;
    for (const double g : {0.5, -1.5, 0.25, 2.0, -0.125, 1.0}) {
      p.set_grad(scalar(g, f64));
      opt.step();
      ++t;
      v = beta2 * v + (1 - beta2) * g * g;
      const double rate = warmup ? lr * std::min(1.0, t / 4.0) : lr;
      fastest = std::max(fastest, rate);
      total += t * fastest * fastest;
      z -= rate * (g / (std::sqrt(v / (1 - std::pow(beta2, t))) + eps) + decay * y);
      x += t * fastest * fastest / total * (z - x);
      y = (1 - beta1) * z + beta1 * x;
      CHECK(p.item() == doctest::Approx(y).epsilon(1e-12));
      opt.eval();
      CHECK(p.item() == doctest::Approx(x).epsilon(1e-12));
      opt.eval();
      opt.train();
      CHECK(p.item() == doctest::Approx(y).epsilon(1e-12));
    }
    CHECK(find(opt.state_dict(), "0.z")->item() == doctest::Approx(z).epsilon(1e-12));
  }
}

TEST_CASE("ScheduleFreeAdamW: saved state goes on bit by bit, and not from the average") {
  Tensor p = tensor({1, -2}, f64).requires_grad_(), q = p.clone().detach().requires_grad_();
  ScheduleFreeAdamW one({p}), two({q});
  const auto step = [](ScheduleFreeAdamW& opt, Tensor& x) {
    x.set_grad(x.detach() * 2);
    opt.step();
  };
  step(one, p), step(one, p);
  q.copy_(p);
  two.load_state_dict(one.state_dict());
  step(one, p), step(two, q);
  CHECK(equal(p, q));
  one.eval();
  CHECK_SAYS(one.step(), "ScheduleFreeAdamW: the parameters hold the average", "train() first", "schedule_free.cpp");
  CHECK_SAYS(one.state_dict(), "state_dict: the parameters hold the average");
  CHECK_SAYS(one.load_state_dict(two.state_dict()), "load_state_dict: the parameters hold the average");
  one.train();
  CHECK(allclose(p.detach(), q.detach(), 1e-14));
  CHECK_SAYS(ScheduleFreeAdamW({p}, {.betas = {0, 0.9}}), "the first beta", "above 0");
}

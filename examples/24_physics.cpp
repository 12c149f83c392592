// A physics-informed network (Raissi, Perdikaris and Karniadakis, 2019): no data, only the equation of a damped swing,
// u'' + 0.2 u' + u = 0 with u(0) = 1, u'(0) = 0. Its derivatives are those of the network, by two recorded walks.
#include <gradus/gradus.hpp>

#include <cmath>
#include <cstdio>

using namespace gradus;

int main() {
  manual_seed(1);
  nn::Sequential net{nn::Linear(1, 24), nn::Tanh(), nn::Linear(24, 24), nn::Tanh(), nn::Linear(24, 1)};
  const auto u = [&](const Tensor& t) { return 1 + square(t) * net(t); };  // keeps the two conditions at 0 by itself
  const Tensor t = linspace(0, 6, 64).unsqueeze(1);
  const auto derivative = [&](Tape& tape, const Tensor& of) {
    return tape.gradient(of, {t}, {.record = true, .cotangent = ones_like(of)})[0];
  };

  optim::Adam opt(net, {.lr = 1e-2});
  optim::Scheduler schedule(opt, optim::CosineAnnealingLR{.T_max = 3000});
  for (int step = 0; step < 3000; ++step) {
    Tape tape;
    tape.watch(t);
    const Tensor y = u(t), dy = derivative(tape, y), ddy = derivative(tape, dy);
    tape.backward(mean(square(ddy + 0.2 * dy + y)));
    opt.step();
    opt.zero_grad();
    schedule.step();
  }

  double worst = 0;
  for (double at = 0; at <= 6; at += 0.25) {
    const double w = std::sqrt(0.99), exact = std::exp(-0.1 * at) * (std::cos(w * at) + 0.1 / w * std::sin(w * at));
    worst = std::max(worst, std::abs(u(tensor({{at}})).item() - exact));
  }
  std::printf("the network solves the equation to 0.02: %s\n", worst < 0.02 ? "yes" : "no");
}

// Prints:
// the network solves the equation to 0.02: yes

// NAdam: its state and its update.
#include <gradus/optim/nadam.hpp>

#include <cmath>

#include <gradus/ops/elementwise.hpp>

namespace gradus::optim {

void NAdam::init(State& s, const Tensor& p, const NAdamOptions&) {
  s.add("exp_avg", zeros_like(p));
  s.add("exp_avg_sq", zeros_like(p));
  s.add("mu_product", ones({}, f64));
}

void NAdam::update(Tensor& p, const Tensor& g, State& s, const NAdamOptions& o) {
  const Tensor d = descent(p, g, o);
  average(s[0], d, o.betas[0]);
  average(s[1], square(d), o.betas[1]);
  const double t = static_cast<double>(s.step);
  const auto mu = [&](double time) { return o.betas[0] * (1 - 0.5 * std::pow(0.96, time * o.momentum_decay)); };
  const double now = mu(t), next = mu(t + 1), product = s[2].item() * now;
  s[2].fill_(product);
  const Tensor size = sqrt(s[1] / (1 - std::pow(o.betas[1], t))) + o.eps;
  const Tensor ahead = d * ((1 - now) / (1 - product)) + s[0] * (next / (1 - product * next));
  p.add_(ahead / size, -o.lr);
}

}  // namespace gradus::optim

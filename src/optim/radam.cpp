// RAdam: its state and its update.
#include <gradus/optim/radam.hpp>

#include <cmath>

#include <gradus/ops/elementwise.hpp>

namespace gradus::optim {

void RAdam::init(State& s, const Tensor& p, const RAdamOptions&) {
  s.add("exp_avg", zeros_like(p));
  s.add("exp_avg_sq", zeros_like(p));
}

void RAdam::update(Tensor& p, const Tensor& g, State& s, const RAdamOptions& o) {
  const Tensor d = descent(p, g, o);
  average(s[0], d, o.betas[0]);
  average(s[1], square(d), o.betas[1]);
  const double t = static_cast<double>(s.step), decay = std::pow(o.betas[1], t);
  const double rate = o.lr / (1 - std::pow(o.betas[0], t));
  const double limit = 2 / (1 - o.betas[1]) - 1, rho = limit - 2 * t * decay / (1 - decay);
  if (rho > 5) {
    const double r = std::sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho));
    p.add_(s[0] / (sqrt(s[1]) + o.eps), -rate * r * std::sqrt(1 - decay));
  } else {
    p.add_(s[0], -rate);
  }
}

}  // namespace gradus::optim

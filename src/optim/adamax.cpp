// Adamax: its state and its update.
#include <gradus/optim/adamax.hpp>

#include <cmath>

#include <gradus/ops/elementwise.hpp>

namespace gradus::optim {

void Adamax::init(State& s, const Tensor& p, const AdamaxOptions&) {
  s.add("exp_avg", zeros_like(p));
  s.add("exp_inf", zeros_like(p));
}

void Adamax::update(Tensor& p, const Tensor& g, State& s, const AdamaxOptions& o) {
  const Tensor d = descent(p, g, o);
  average(s[0], d, o.betas[0]);
  s[1] = maximum(s[1] * o.betas[1], abs(d) + o.eps);
  p.add_(s[0] / s[1], -o.lr / (1 - std::pow(o.betas[0], static_cast<double>(s.step))));
}

}  // namespace gradus::optim

// Lion: its state and its update.
#include <gradus/optim/lion.hpp>

#include <gradus/ops/elementwise.hpp>

namespace gradus::optim {

void Lion::init(State& s, const Tensor& p, const LionOptions&) { s.add("exp_avg", zeros_like(p)); }

void Lion::update(Tensor& p, const Tensor& g, State& s, const LionOptions& o) {
  const Tensor d = descent(p, g, o);
  p.add_(sign(s[0] * o.betas[0] + d * (1 - o.betas[0])), -o.lr);
  average(s[0], d, o.betas[1]);
}

}  // namespace gradus::optim

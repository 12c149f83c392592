// Rprop: its state and its update.
#include <gradus/optim/rprop.hpp>

#include <gradus/ops/elementwise.hpp>

namespace gradus::optim {

void Rprop::init(State& s, const Tensor& p, const RpropOptions& o) {
  s.add("prev", zeros_like(p));
  s.add("step_size", full(p.shape(), o.lr, p.dtype()));
}

void Rprop::update(Tensor& p, const Tensor& g, State& s, const RpropOptions& o) {
  const Tensor d = descent(p, g, o), agreement = d * s[0];
  const Tensor turned = agreement < 0.0;
  const Tensor stayed = agreement > 0.0;
  const Tensor size = where(turned, s[1] * o.etas[0], where(stayed, s[1] * o.etas[1], s[1]));
  s[1] = clamp(size, o.step_sizes[0], o.step_sizes[1]);
  s[0] = masked_fill(d, turned, 0);
  p.add_(sign(s[0]) * s[1], -1);
}

}  // namespace gradus::optim

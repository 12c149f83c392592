// Adadelta: its state and its update.
#include <gradus/optim/adadelta.hpp>

#include <gradus/ops/elementwise.hpp>

namespace gradus::optim {

void Adadelta::init(State& s, const Tensor& p, const AdadeltaOptions&) {
  s.add("square_avg", zeros_like(p));
  s.add("acc_delta", zeros_like(p));
}

void Adadelta::update(Tensor& p, const Tensor& g, State& s, const AdadeltaOptions& o) {
  const Tensor d = descent(p, g, o);
  average(s[0], square(d), o.rho);
  const Tensor x = sqrt(s[1] + o.eps) / sqrt(s[0] + o.eps) * d;
  average(s[1], square(x), o.rho);
  p.add_(x, -o.lr);
}

}  // namespace gradus::optim

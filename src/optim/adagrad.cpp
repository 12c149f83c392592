// Adagrad: its state and its update.
#include <gradus/optim/adagrad.hpp>

#include <gradus/ops/elementwise.hpp>

namespace gradus::optim {

void Adagrad::init(State& s, const Tensor& p, const AdagradOptions& o) {
  s.add("sum", full(p.shape(), o.initial_accumulator_value, p.dtype()));
}

void Adagrad::update(Tensor& p, const Tensor& g, State& s, const AdagradOptions& o) {
  const Tensor d = descent(p, g, o);
  s[0] = s[0] + square(d);
  const Tensor root = o.eps_inside_root ? sqrt(s[0] + o.eps) : sqrt(s[0]) + o.eps;
  p.add_(d / root, -o.lr / (1 + static_cast<double>(s.step - 1) * o.lr_decay));
}

}  // namespace gradus::optim

// RMSprop: its state and its update.
#include <gradus/optim/rmsprop.hpp>

#include <gradus/ops/elementwise.hpp>

namespace gradus::optim {

void RMSprop::init(State& s, const Tensor& p, const RMSpropOptions& o) {
  s.add("square_avg", zeros_like(p));
  if (o.momentum != 0) s.add("momentum_buffer", zeros_like(p));
  if (o.centered) s.add("grad_avg", zeros_like(p));
}

void RMSprop::update(Tensor& p, const Tensor& g, State& s, const RMSpropOptions& o) {
  const Tensor d = descent(p, g, o);
  average(s[0], square(d), o.alpha);
  Tensor size = s[0];
  if (o.centered) {
    Tensor& a = s.at("grad_avg", p);
    average(a, d, o.alpha);
    size = size - square(a);
  }
  Tensor x = o.eps_inside_root ? d / sqrt(size + o.eps) : d / (sqrt(size) + o.eps);
  if (o.momentum != 0) {
    Tensor& b = s.at("momentum_buffer", p);
    b = b * o.momentum + x;
    x = b;
  }
  p.add_(x, -o.lr);
}

}  // namespace gradus::optim

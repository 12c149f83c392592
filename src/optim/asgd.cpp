// ASGD: its state and its update.
#include <gradus/optim/asgd.hpp>

#include <algorithm>
#include <cmath>

#include <gradus/ops/elementwise.hpp>

namespace gradus::optim {

void ASGD::init(State& s, const Tensor& p, const ASGDOptions& o) {
  s.add("ax", zeros_like(p));
  s.add("eta", scalar(o.lr, f64));
}

void ASGD::update(Tensor& p, const Tensor& g, State& s, const ASGDOptions& o) {
  const Tensor d = descent(p, g, o);
  const double t = static_cast<double>(s.step), eta = s[1].item(), share = 1 / std::max(1.0, t - 1 - o.t0);
  p.mul_(1 - o.lambd * eta);
  p.add_(d, -eta);
  if (share == 1)
    s[0].copy_(p);
  else
    s[0].add_(p - s[0], share);
  s[1].fill_(o.lr / std::pow(1 + o.lambd * o.lr * t, o.alpha));
}

}  // namespace gradus::optim

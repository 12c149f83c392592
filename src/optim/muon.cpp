// Muon: orthogonal momentum for matrices, Adam for the rest.
#include <gradus/optim/muon.hpp>

#include <algorithm>
#include <cmath>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "tensor/impl.hpp"

namespace gradus::optim {
namespace {

bool is_matrix(const Tensor& p) { return p.dim() >= 2; }

void adam(Tensor& p, const Tensor& d, State& s, const MuonOptions& o) {
  const auto [beta1, beta2] = o.adam_betas;
  const double t = static_cast<double>(s.step), rate = o.lr * o.adam_ratio / (1 - std::pow(beta1, t));
  average(s[0], d, beta1);
  average(s[1], square(d), beta2);
  p.add_(s[0] / (sqrt(s[1] * (1 / (1 - std::pow(beta2, t)))) + o.eps), -rate);
}

}  // namespace

Tensor orthogonalize(const Tensor& m, std::int64_t steps, Loc where) {
  const NoRecord pause;
  if (!m.defined() || m.dim() != 2)
    throw Error("orthogonalize",
                {.wrong = "the tensor is not a matrix",
                 .got = m.defined() ? to_string(m.shape()) : "an undefined tensor",
                 .expected = "two axes"},
                gradus::detail::user_line(where));
  const bool tall = m.size(0) > m.size(1);  // A is the smaller of X Xᵀ and Xᵀ X
  Tensor x = tall ? m.t() : m;
  x = x * (1 / (std::sqrt(sum(square(x)).item()) + 1e-7));
  for (std::int64_t i = 0; i < steps; ++i) {
    const Tensor a = matmul(x, x, {.transpose_b = true});
    x = x * 3.4445 + matmul(a * -4.775 + matmul(a, a) * 2.0315, x);
  }
  return tall ? x.t() : x;
}

void Muon::init(State& s, const Tensor& p, const MuonOptions&) {
  if (is_matrix(p)) {
    s.add("momentum_buffer", zeros_like(p));
  } else {
    s.add("exp_avg", zeros_like(p));
    s.add("exp_avg_sq", zeros_like(p));
  }
}

void Muon::update(Tensor& p, const Tensor& g, State& s, const MuonOptions& o) {
  if (!is_matrix(p)) {
    if (o.weight_decay != 0) p.mul_(1 - o.lr * o.adam_ratio * o.weight_decay);
    return adam(p, o.maximize ? -g : g, s, o);
  }
  const Tensor d = descent(p, g, o);
  average(s[0], d, o.momentum);
  const Tensor m = o.nesterov ? s[0] * o.momentum + d * (1 - o.momentum) : Tensor(s[0]);
  const Tensor flat = m.reshape({p.size(0), -1});
  const double longer =
      static_cast<double>(flat.size(0)) / static_cast<double>(std::max<std::int64_t>(1, flat.size(1)));
  p.add_(orthogonalize(flat, o.ns_steps).reshape(p.shape()), -o.lr * std::sqrt(std::max(1.0, longer)));
}

}  // namespace gradus::optim

// Adam and AdamW: their state, and the update by one fused kernel.
#include <gradus/optim/adam.hpp>

#include <cmath>

#include "optim/pieces.hpp"

namespace gradus::optim {
namespace {

template <class Options>
void adam_init(State& s, const Tensor& p, const Options& o) {
  s.add("exp_avg", zeros_like(p));
  s.add("exp_avg_sq", zeros_like(p));
  if (o.amsgrad) s.add("max_exp_avg_sq", zeros_like(p));
}

template <class Options>
void adam_update(const Tensor& p, const Tensor& g, State& s, const Options& o, bool decoupled) {
  const Tensor* const top = o.amsgrad ? &s.at("max_exp_avg_sq", p) : nullptr;
  const Tensor &m = s[0], &v = s[1];
  const double t = static_cast<double>(s.step), correction2 = 1 - std::pow(o.betas[1], t);
  const kernels::AdamStep step{.lr = o.lr,
                               .beta1 = o.betas[0],
                               .beta2 = o.betas[1],
                               .eps = o.eps_before_correction ? o.eps / std::sqrt(correction2) : o.eps,
                               .weight_decay = o.weight_decay,
                               .correction1 = 1 - std::pow(o.betas[0], t),
                               .correction2 = correction2,
                               .decoupled = decoupled,
                               .maximize = o.maximize};
  gradus::detail::for_pieces(p, g, [&]<class T>(T* to, const T* from, std::int64_t begin, std::int64_t n) {
    const auto at = [&](const Tensor& x) { return gradus::detail::data<T>(x) + begin; };
    kernels::table<T>().adam(n, to + begin, from + begin, at(m), at(v), top ? at(*top) : nullptr, step);
  });
}

}  // namespace

void Adam::init(State& s, const Tensor& p, const AdamOptions& o) { adam_init(s, p, o); }
void Adam::update(Tensor& p, const Tensor& g, State& s, const AdamOptions& o) { adam_update(p, g, s, o, false); }

void AdamW::init(State& s, const Tensor& p, const AdamWOptions& o) { adam_init(s, p, o); }
void AdamW::update(Tensor& p, const Tensor& g, State& s, const AdamWOptions& o) { adam_update(p, g, s, o, true); }

}  // namespace gradus::optim

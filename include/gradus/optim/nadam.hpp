// NAdam: Adam with Nesterov's momentum (Dozat, 2016).
#pragma once

#include <gradus/optim/optimizer.hpp>

namespace gradus::optim {

struct NAdamOptions {
  double lr = 2e-3;
  std::array<double, 2> betas{0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0;
  double momentum_decay = 4e-3;
  bool decoupled_weight_decay = false;
  bool maximize = false;

  void fields(auto& v) {
    v("lr", lr);
    v("betas", betas);
    v("eps", eps);
    v("weight_decay", weight_decay);
    v("momentum_decay", momentum_decay);
    v("decoupled_weight_decay", decoupled_weight_decay);
    v("maximize", maximize);
  }
};

///   d = g + weight_decay p,  m = β1 m + (1 - β1) d,  v = β2 v + (1 - β2) d²
///   μ_t = β1 (1 - 0.96^(t momentum_decay) / 2),  P_t = μ_1 … μ_t
///   p -= lr ((1 - μ_t)/(1 - P_t) d + μ_(t+1)/(1 - P_(t+1)) m) / (sqrt(v / (1 - β2^t)) + eps)
struct NAdam : Optimizer<NAdamOptions> {
  using Optimizer::Optimizer;
  void init(State& s, const Tensor& p, const NAdamOptions& o) override;
  void update(Tensor& p, const Tensor& g, State& s, const NAdamOptions& o) override;
  std::string formula(const State& s, const Tensor& p, const NAdamOptions& o) const override;
};

}  // namespace gradus::optim

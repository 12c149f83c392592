// RAdam: Adam that waits for its second moment to mean something before it divides by it (Liu et al., 2020).
#pragma once

#include <gradus/optim/optimizer.hpp>

namespace gradus::optim {

struct RAdamOptions {
  double lr = 1e-3;
  std::array<double, 2> betas{0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0;
  bool decoupled_weight_decay = false;
  bool maximize = false;

  void fields(auto& v) {
    v("lr", lr);
    v("betas", betas);
    v("eps", eps);
    v("weight_decay", weight_decay);
    v("decoupled_weight_decay", decoupled_weight_decay);
    v("maximize", maximize);
  }
};

///   d = g + weight_decay p,  m = β1 m + (1 - β1) d,  v = β2 v + (1 - β2) d²
///   ρ∞ = 2/(1 - β2) - 1,  ρ = ρ∞ - 2 t β2^t / (1 - β2^t),  r = sqrt((ρ-4)(ρ-2)ρ∞ / ((ρ∞-4)(ρ∞-2)ρ))
///   p -= lr/(1 - β1^t) m · (ρ > 5 ? r sqrt(1 - β2^t) / (sqrt(v) + eps) : 1)
struct RAdam : Optimizer<RAdamOptions> {
  using Optimizer::Optimizer;
  void init(State& s, const Tensor& p, const RAdamOptions& o) override;
  void update(Tensor& p, const Tensor& g, State& s, const RAdamOptions& o) override;
  std::string formula(const State& s, const Tensor& p, const RAdamOptions& o) const override;
};

}  // namespace gradus::optim

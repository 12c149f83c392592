// Adamax: Adam with the infinity norm in place of the second moment (Kingma and Ba, 2015, section 7).
#pragma once

#include <gradus/optim/optimizer.hpp>

namespace gradus::optim {

struct AdamaxOptions {
  double lr = 2e-3;
  std::array<double, 2> betas{0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0;
  bool maximize = false;

  void fields(auto& v) {
    v("lr", lr);
    v("betas", betas);
    v("eps", eps);
    v("weight_decay", weight_decay);
    v("maximize", maximize);
  }
};

///   d = g + weight_decay p,  m = β1 m + (1 - β1) d,  u = max(β2 u, |d| + eps)
///   p -= lr/(1 - β1^t) m / u
struct Adamax : Optimizer<AdamaxOptions> {
  using Optimizer::Optimizer;
  void init(State& s, const Tensor& p, const AdamaxOptions& o) override;
  void update(Tensor& p, const Tensor& g, State& s, const AdamaxOptions& o) override;
  std::string formula(const State& s, const Tensor& p, const AdamaxOptions& o) const override;
};

}  // namespace gradus::optim

// Adadelta: steps in the units of the parameter, from averages of squared gradients and of squared steps (Zeiler,
// 2012).
#pragma once

#include <gradus/optim/optimizer.hpp>

namespace gradus::optim {

struct AdadeltaOptions {
  double lr = 1;
  double rho = 0.9;
  double eps = 1e-6;
  double weight_decay = 0;
  bool maximize = false;

  void fields(auto& v) {
    v("lr", lr);
    v("rho", rho);
    v("eps", eps);
    v("weight_decay", weight_decay);
    v("maximize", maximize);
  }
};

///   d = g + weight_decay p,  v = ρ v + (1 - ρ) d²,  x = sqrt(a + eps) / sqrt(v + eps) d,  a = ρ a + (1 - ρ) x²
///   p -= lr x
struct Adadelta : Optimizer<AdadeltaOptions> {
  using Optimizer::Optimizer;
  void init(State& s, const Tensor& p, const AdadeltaOptions& o) override;
  void update(Tensor& p, const Tensor& g, State& s, const AdadeltaOptions& o) override;
  std::string formula(const State& s, const Tensor& p, const AdadeltaOptions& o) const override;
};

}  // namespace gradus::optim

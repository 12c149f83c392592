// Lion: the sign of a momentum, found by searching programs (Chen et al., 2023). Wants a smaller lr and a larger
// weight_decay than Adam, 3 to 10 times each.
#pragma once

#include <gradus/optim/optimizer.hpp>

namespace gradus::optim {

struct LionOptions {
  double lr = 1e-4;
  std::array<double, 2> betas{0.9, 0.99};
  double weight_decay = 0;
  bool maximize = false;
  static constexpr bool decoupled_weight_decay = true;

  void fields(auto& v) {
    v("lr", lr);
    v("betas", betas);
    v("weight_decay", weight_decay);
    v("maximize", maximize);
  }
};

///   p -= lr (sign(β1 m + (1 - β1) g) + weight_decay p),  m = β2 m + (1 - β2) g
struct Lion : Optimizer<LionOptions> {
  using Optimizer::Optimizer;
  void init(State& s, const Tensor& p, const LionOptions& o) override;
  void update(Tensor& p, const Tensor& g, State& s, const LionOptions& o) override;
  std::string formula(const State& s, const Tensor& p, const LionOptions& o) const override;
};

}  // namespace gradus::optim

// Adagrad: steps that shrink with the sum of squared gradients so far (Duchi, Hazan and Singer, 2011).
#pragma once

#include <gradus/optim/optimizer.hpp>

namespace gradus::optim {

struct AdagradOptions {
  double lr = 1e-2;
  double lr_decay = 0;
  double weight_decay = 0;
  double initial_accumulator_value = 0;
  double eps = 1e-10;
  bool maximize = false;
  bool eps_inside_root = false;  ///< divide by sqrt(s + eps), as TensorFlow and Optax do

  void fields(auto& v) {
    v("lr", lr);
    v("lr_decay", lr_decay);
    v("weight_decay", weight_decay);
    v("initial_accumulator_value", initial_accumulator_value);
    v("eps", eps);
    v("maximize", maximize);
    v("eps_inside_root", eps_inside_root);
  }
};

///   d = g + weight_decay p,  s += d²,  p -= lr/(1 + (t - 1) lr_decay) d / (sqrt(s) + eps), or d / sqrt(s + eps)
struct Adagrad : Optimizer<AdagradOptions> {
  using Optimizer::Optimizer;
  void init(State& s, const Tensor& p, const AdagradOptions& o) override;
  void update(Tensor& p, const Tensor& g, State& s, const AdagradOptions& o) override;
  std::string formula(const State& s, const Tensor& p, const AdagradOptions& o) const override;
};

}  // namespace gradus::optim

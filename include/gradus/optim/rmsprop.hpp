// RMSprop: the gradient divided by the root of its average square (Hinton, lecture 6e, 2012); centered: by its standard
// deviation (Graves, 2013).
#pragma once

#include <gradus/optim/optimizer.hpp>

namespace gradus::optim {

struct RMSpropOptions {
  double lr = 1e-2;
  double alpha = 0.99;
  double eps = 1e-8;
  double weight_decay = 0;
  double momentum = 0;
  bool centered = false;
  bool maximize = false;
  bool eps_inside_root = false;  ///< divide by sqrt(v + eps), as TensorFlow and Optax do

  void fields(auto& v) {
    v("lr", lr);
    v("alpha", alpha);
    v("eps", eps);
    v("weight_decay", weight_decay);
    v("momentum", momentum);
    v("centered", centered);
    v("maximize", maximize);
    v("eps_inside_root", eps_inside_root);
  }
  const char* wrong() const { return alpha >= 0 && alpha <= 1 ? nullptr : "alpha must be from 0 to 1"; }
};

///   d = g + weight_decay p,  v = α v + (1 - α) d²;  centered: a = α a + (1 - α) d, and v - a² in place of v below
///   x = d / (sqrt(v) + eps), or d / sqrt(v + eps);  momentum: b = momentum b + x, x = b
///   p -= lr x
struct RMSprop : Optimizer<RMSpropOptions> {
  using Optimizer::Optimizer;
  void init(State& s, const Tensor& p, const RMSpropOptions& o) override;
  void update(Tensor& p, const Tensor& g, State& s, const RMSpropOptions& o) override;
  std::string formula(const State& s, const Tensor& p, const RMSpropOptions& o) const override;
};

}  // namespace gradus::optim

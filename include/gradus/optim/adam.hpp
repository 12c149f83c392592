// Adam: a step per element, scaled by averages of the gradient and of its square (Kingma and Ba, 2015).
// AdamW: weight decay of the parameter itself instead of its gradient (Loshchilov and Hutter, 2019).
#pragma once

#include <gradus/optim/optimizer.hpp>

namespace gradus::optim {

struct AdamOptions {
  double lr = 1e-3;
  std::array<double, 2> betas{0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0;
  bool amsgrad = false;  ///< divide by the largest v so far (Reddi, Kale and Kumar, 2018)
  bool maximize = false;
  bool eps_before_correction = false;  ///< the "epsilon hat" of the paper, as scikit-learn and dlib have it

  void fields(auto& v) {
    v("lr", lr);
    v("betas", betas);
    v("eps", eps);
    v("weight_decay", weight_decay);
    v("amsgrad", amsgrad);
    v("maximize", maximize);
    v("eps_before_correction", eps_before_correction);
  }
  /// Once its state is there, an update takes no memory.
  bool updates_in_place(const State& s) const { return !amsgrad || s.tensors.size() == 3; }
};

///   d = g + weight_decay p
///   m = β1 m + (1 - β1) d,  v = β2 v + (1 - β2) d²,  with amsgrad: w = max(w, v) in place of v below
///   p -= lr/(1 - β1^t) m / (sqrt(v / (1 - β2^t)) + eps), or, with eps_before_correction,
///   p -= lr sqrt(1 - β2^t)/(1 - β1^t) m / (sqrt(v) + eps)
struct Adam : Optimizer<AdamOptions> {
  using Optimizer::Optimizer;
  void init(State& s, const Tensor& p, const AdamOptions& o) override;
  void update(Tensor& p, const Tensor& g, State& s, const AdamOptions& o) override;
  std::string formula(const State& s, const Tensor& p, const AdamOptions& o) const override;
};

struct AdamWOptions {
  double lr = 1e-3;
  std::array<double, 2> betas{0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0.01;
  bool amsgrad = false;
  bool maximize = false;
  bool eps_before_correction = false;  ///< the "epsilon hat" of the paper, as scikit-learn and dlib have it

  void fields(auto& v) {
    v("lr", lr);
    v("betas", betas);
    v("eps", eps);
    v("weight_decay", weight_decay);
    v("amsgrad", amsgrad);
    v("maximize", maximize);
    v("eps_before_correction", eps_before_correction);
  }
  /// Once its state is there, an update takes no memory.
  bool updates_in_place(const State& s) const { return !amsgrad || s.tensors.size() == 3; }
};

///   p *= 1 - lr weight_decay, then Adam without weight decay
struct AdamW : Optimizer<AdamWOptions> {
  using Optimizer::Optimizer;
  void init(State& s, const Tensor& p, const AdamWOptions& o) override;
  void update(Tensor& p, const Tensor& g, State& s, const AdamWOptions& o) override;
  std::string formula(const State& s, const Tensor& p, const AdamWOptions& o) const override;
};

}  // namespace gradus::optim

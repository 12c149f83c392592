// ASGD: gradient descent that also keeps the average of its path (Polyak and Juditsky, 1992; steps as in Bottou, 2010).
#pragma once

#include <gradus/optim/optimizer.hpp>

namespace gradus::optim {

struct ASGDOptions {
  double lr = 1e-2;
  double lambd = 1e-4;  ///< decay
  double alpha = 0.75;  ///< the power with which steps shrink
  double t0 = 1e6;      ///< averaging starts after so many steps
  double weight_decay = 0;
  bool maximize = false;

  void fields(auto& v) {
    v("lr", lr);
    v("lambd", lambd);
    v("alpha", alpha);
    v("t0", t0);
    v("weight_decay", weight_decay);
    v("maximize", maximize);
  }
};

///   d = g + weight_decay p,  p = p (1 - lambd η) - η d
///   ax += (p - ax) / max(1, t - 1 - t0);  while that divisor is 1, ax = p
///   η = lr / (1 + lambd lr t)^alpha for the next step; lr for the first
/// The parameters themselves are not averaged; the averages are the state "ax".
struct ASGD : Optimizer<ASGDOptions> {
  using Optimizer::Optimizer;
  void init(State& s, const Tensor& p, const ASGDOptions& o) override;
  void update(Tensor& p, const Tensor& g, State& s, const ASGDOptions& o) override;
  std::string formula(const State& s, const Tensor& p, const ASGDOptions& o) const override;
};

}  // namespace gradus::optim

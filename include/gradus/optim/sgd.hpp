// Stochastic gradient descent, with momentum (Polyak, 1964), Nesterov's (1983; in this form Sutskever et al., 2013).
#pragma once

#include <gradus/optim/optimizer.hpp>

namespace gradus::optim {

struct SGDOptions {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;  ///< of the gradient as it enters the momentum, but for the first
  double weight_decay = 0;
  bool nesterov = false;
  bool maximize = false;

  void fields(auto& v) {
    v("lr", lr);
    v("momentum", momentum);
    v("dampening", dampening);
    v("weight_decay", weight_decay);
    v("nesterov", nesterov);
    v("maximize", maximize);
  }
  /// Once its state is there, an update takes no memory.
  bool updates_in_place(const State& s) const { return momentum == 0 || !s.tensors.empty(); }
  const char* wrong() const {
    return nesterov && (momentum <= 0 || dampening != 0) ? "nesterov needs a momentum and no dampening" : nullptr;
  }
};

///   d = g + weight_decay p
///   b = d at first, then momentum b + (1 - dampening) d
///   p -= lr (nesterov ? d + momentum b : b)
struct SGD : Optimizer<SGDOptions> {
  using Optimizer::Optimizer;
  void init(State& s, const Tensor& p, const SGDOptions& o) override;
  void update(Tensor& p, const Tensor& g, State& s, const SGDOptions& o) override;
  std::string formula(const State& s, const Tensor& p, const SGDOptions& o) const override;
};

}  // namespace gradus::optim

// Rprop: steps that heed the gradient's sign alone, longer while it stays, shorter when it turns (Riedmiller and Braun,
// 1993). For whole batches: noise flips signs.
#pragma once

#include <gradus/optim/optimizer.hpp>

namespace gradus::optim {

struct RpropOptions {
  double lr = 1e-2;                            ///< the first step
  std::array<double, 2> etas{0.5, 1.2};        ///< factors when the sign turns, when it stays
  std::array<double, 2> step_sizes{1e-6, 50};  ///< the shortest and the longest step
  bool maximize = false;

  void fields(auto& v) {
    v("lr", lr);
    v("etas", etas);
    v("step_sizes", step_sizes);
    v("maximize", maximize);
  }
  const char* wrong() const {
    if (!(0 < etas[0] && etas[0] < 1 && 1 < etas[1])) return "etas must be a factor below 1 and one above it";
    return step_sizes[0] <= step_sizes[1] ? nullptr : "step_sizes must be the shortest step and the longest";
  }
};

///   size *= etas[1] where g·prev > 0, etas[0] where g·prev < 0, cut to step_sizes;  there g = 0: no move, and prev = 0
///   p -= sign(g) size,  prev = g
struct Rprop : Optimizer<RpropOptions> {
  using Optimizer::Optimizer;
  void init(State& s, const Tensor& p, const RpropOptions& o) override;
  void update(Tensor& p, const Tensor& g, State& s, const RpropOptions& o) override;
  std::string formula(const State& s, const Tensor& p, const RpropOptions& o) const override;
};

}  // namespace gradus::optim

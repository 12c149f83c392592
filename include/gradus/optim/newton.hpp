// Newton's method: one step to where the gradient of the quadratic model is zero (Nocedal and Wright, 2006, section
// 3.3). For small problems: it forms the Hessian of all n parameters in n backward passes and solves with it in
// n³ operations. It looks for any point without gradient: saddles attract it as minima do (Dauphin et al., 2014).
//
//   optim::Newton opt({x});
//   double loss = opt.step([&] { return rosenbrock(x); });   // the loss alone: the step makes its own tape
#pragma once

#include <gradus/curvature.hpp>
#include <gradus/optim/optimizer.hpp>

namespace gradus::optim {

struct NewtonOptions {
  double lr = 1;       ///< the part of the step that is taken
  double damping = 0;  ///< added to the Hessian's diagonal (Levenberg, 1944)
  static constexpr bool elementwise = false;

  void fields(auto& v) {
    v("lr", lr);
    v("damping", damping);
  }
};

///   p -= lr (H + damping I)⁻¹ g      with all parameters as one vector, in f64
class Newton : public Optimizer<NewtonOptions> {
 public:
  using Optimizer::Optimizer;
  static constexpr std::int64_t most = 2000;  ///< in all parameters

  /// Returns the loss before the step; each grad() is then the gradient there. A singular Hessian and numbers that are
  /// not finite are errors, and nothing has changed then.
  double step(const Objective& loss, Loc where = Loc::current());
  void step(Loc where = Loc::current()) override;  ///< throws: there is no step without the loss

 private:
  void update(Tensor&, const Tensor&, State&, const NewtonOptions&) override {}
  std::string formula(const State& s, const Tensor& p, const NewtonOptions& o) const override;
};

}  // namespace gradus::optim

// Newton's method without the Hessian, for whole batches: conjugate gradients solve for the step with products H v
// alone, stop where the curvature is negative, and a line search keeps the loss from rising (Nocedal and Wright, 2006,
// algorithm 7.1). The damping follows how well the quadratic model predicts the loss (Martens, 2010).
//
//   optim::NewtonCG opt(net);
//   double loss = opt.step([&] { return mse_loss(net(x), y); });   // the loss alone: the step makes its own tape
#pragma once

#include <gradus/curvature.hpp>
#include <gradus/optim/optimizer.hpp>

namespace gradus::optim {

struct NewtonCGOptions {
  double lr = 1;             ///< the first step length that is tried
  double damping = 1e-3;     ///< at the start; times 3/2 after a poor prediction, 2/3 after a good one
  std::int64_t cg_iter = 0;  ///< products H v per step at the most; 0: as many as there are numbers, up to 250
  static constexpr bool elementwise = false;

  void fields(auto& v) {
    v("lr", lr);
    v("damping", damping);
    v("cg_iter", cg_iter);
  }
};

///   (H + damping I) d = -g  up to |rest| <= min(0.01, sqrt|g|) |g|;  the steepest way down if its curvature is
///   negative p += t d,  t = lr, lr/2, lr/4, …  until  f(p + t d) <= f(p) + 1e-4 t g·d
class NewtonCG : public Optimizer<NewtonCGOptions> {
 public:
  using Optimizer::Optimizer;

  /// Returns the loss before the step; each grad() is then the gradient there. Where no step length lowers the loss,
  /// parameters stay and the damping grows. If the loss throws, parameters and damping are as before.
  double step(const Objective& loss, Loc where = Loc::current());
  void step(Loc where = Loc::current()) override;  ///< throws: there is no step without the loss

  double damping() const { return steps_ > 0 ? damping_ : options().damping; }  ///< as it is now
  std::int64_t products() const { return products_; }                           ///< H v, of all steps

  StateDict state_dict() const override;  ///< "damping", "n_iter"
  void load_state_dict(const StateDict& state, Loc where = Loc::current()) override;

 private:
  struct Direction {
    Tensor d;
    double slope, model;  ///< g·d, and g·d + d·H d / 2
  };
  void update(Tensor&, const Tensor&, State&, const NewtonCGOptions&) override {}
  std::string formula(const State& s, const Tensor& p, const NewtonCGOptions& o) const override;
  Direction direction(const Curvature& h, double damping);

  double damping_ = 0;
  std::int64_t steps_ = 0, products_ = 0;
};

}  // namespace gradus::optim

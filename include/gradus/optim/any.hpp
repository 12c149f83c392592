// An optimizer of any type, held by value: for tools that choose the type at run time.
//
//   optim::AnyOptimizer opt(optim::Lion(net, {.lr = 1e-4}));
//   double loss = opt.step([&] { return mse_loss(net(x), y); });
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <utility>

#include <gradus/curvature.hpp>
#include <gradus/optim/optimizer.hpp>

namespace gradus::optim {

/// An optimizer of any type.
class AnyOptimizer {
 public:
  /// takes the optimizer over
  template <std::derived_from<OptimizerBase> Optimizer>
  explicit AnyOptimizer(Optimizer optimizer)
      : optimizer_(std::make_unique<Optimizer>(std::move(optimizer))),
        step_(step_of<Optimizer>),
        clone_(clone_of<Optimizer>) {}

  /// One step, with gradients cleared before: of the loss itself for those that use its curvature, of a closure for
  /// L-BFGS, and otherwise after one backward pass. `walked`, if any, is called after each walk and may change
  /// gradients, as clipping does; those that use curvature refuse it. Returns the loss before the step.
  double step(const Objective& loss, const std::function<void()>& walked = {}, Loc where = Loc::current()) {
    return step_(base(where), loss, walked);
  }

  /// One with the same parameters and a copy of the state.
  AnyOptimizer clone(Loc where = Loc::current()) const {
    check(where);
    return AnyOptimizer(clone_(*optimizer_), step_, clone_);
  }

  /// the optimizer
  OptimizerBase& base(Loc where = Loc::current()) {
    check(where);
    return *optimizer_;
  }
  const OptimizerBase& base(Loc where = Loc::current()) const {
    check(where);
    return *optimizer_;
  }

 private:
  void check(Loc where) const {
    if (!optimizer_)
      throw Error("AnyOptimizer",
                  {.wrong = "the optimizer has been moved from", .advice = "use the object that it was moved to"},
                  where);
  }
  template <class Optimizer>
  static double step_of(OptimizerBase& base, const Objective& loss, const std::function<void()>& walked) {
    auto& optimizer = static_cast<Optimizer&>(base);
    const auto walk = [&] {
      optimizer.zero_grad();
      Tape tape;
      const Tensor y = loss();
      tape.backward(y);
      if (walked) walked();
      return y.item();
    };
    if constexpr (requires { optimizer.step(walk); }) {
      return optimizer.step(walk);
    } else if constexpr (requires { optimizer.step(loss); }) {
      if (walked)
        throw Error(base.type(), {.wrong = "the gradients cannot be changed between backward() and step()",
                                  .got = "a second argument",
                                  .expected = "step(loss): this optimizer looks at the curvature of the loss"});
      return optimizer.step(loss);
    } else {
      const double before = walk();
      optimizer.step();
      return before;
    }
  }

  using Step = double (*)(OptimizerBase& optimizer, const Objective& loss, const std::function<void()>& walked);
  using Clone = std::unique_ptr<OptimizerBase> (*)(const OptimizerBase& optimizer);
  AnyOptimizer(std::unique_ptr<OptimizerBase> optimizer, Step how, Clone copy)
      : optimizer_(std::move(optimizer)), step_(how), clone_(copy) {}
  template <class Optimizer>
  static std::unique_ptr<OptimizerBase> clone_of(const OptimizerBase& base) {
    return std::make_unique<Optimizer>(static_cast<const Optimizer&>(base));
  }

  std::unique_ptr<OptimizerBase> optimizer_;
  Step step_;
  Clone clone_;
};

/// Does the update of an element read that element and its own gradient and state only?
template <class Optimizer>
inline constexpr bool is_elementwise = [] {
  using Options = std::remove_cvref_t<decltype(std::declval<Optimizer&>().options())>;
  if constexpr (requires { Options::elementwise; })
    return Options::elementwise;
  else
    return true;
}();

}  // namespace gradus::optim

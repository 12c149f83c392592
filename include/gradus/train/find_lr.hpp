// Which learning rate to take: a short run whose rate rises from step to step, and what its losses say.
//
//   auto found = train::find_lr(net, opt, data::batches(train, {.size = 32, .shuffle = true}), loss);
//   opt.set_lr(found.suggested);
//
// Network, optimizer, gradients, random numbers and batches are afterwards as they were, to the bit.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gradus/curvature.hpp>
#include <gradus/nn/module.hpp>
#include <gradus/optim/any.hpp>

namespace gradus::train {

struct FindLrOptions {
  double min_lr = 1e-6;      ///< the rate of the first step
  double max_lr = 10;        ///< the rate of the last one
  std::int64_t steps = 100;  ///< each rate is the one before times a constant
  double stop = 4;           ///< ends when the smoothed loss is this many times the least so far
  bool curvature = true;     ///< compute 2/λmax too, on the first batch
};

/// What find_lr() has seen.
struct FoundLr {
  std::vector<double> lr, loss;  ///< of each step: its rate, and the loss before the step
  std::vector<double> smoothed;  ///< losses, averaged over neighbours
  double suggested = 0;          ///< the rate to take
  double steepest = 0;           ///< where the smoothed loss falls fastest
  double lowest = 0;             ///< where it is least: already too large, as a rule
  double limit = 0;  ///< 2/λmax of the Hessian at the start: where plain gradient descent becomes unstable; 0: unknown
  std::string text() const;  ///< the curve and the rates, for a terminal
};

namespace detail {

/// Everything that a trial run changes, and its return.
class Trial {
 public:
  Trial(nn::ModuleBase& net, const std::vector<Tensor>& trained);  ///< copies
  ~Trial();                                                        ///< puts them back
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

 private:
  std::vector<std::pair<Tensor, Tensor>> numbers_, gradients_;
  std::uint64_t seed_, counter_;
};

/// The run. `next` gives the loss of the next batch, recorded.
FoundLr find_lr(optim::OptimizerBase& optimizer, const Objective& next, const Objective& first,
                const FindLrOptions& options, Loc where);

}  // namespace detail

/// Takes .steps steps on `batches` with a copy of the optimizer, while the rate rises by a constant factor, and
/// suggests a rate (Smith, 2017). Weights, buffers, gradients and default_generator() are put back, also after an
/// error; the copy takes the optimizer's state along, and the batches are copied. `loss` as for fit(). Throws for
/// options out of range, and where the loss was not finite from the start.
template <class Net, class Optimizer, class Batches, class Loss>
FoundLr find_lr(Net& net, const Optimizer& optimizer, const Batches& batches, Loss&& loss,
                const FindLrOptions& options = {}, Loc where = Loc::current()) {
  constexpr bool any = std::is_same_v<Optimizer, optim::AnyOptimizer>;
  auto copy = [&] {
    if constexpr (any)
      return optimizer.clone(where);
    else
      return Optimizer(optimizer);
  }();
  const auto base = [&]() -> optim::OptimizerBase& {
    if constexpr (any)
      return copy.base(where);
    else
      return copy;
  };
  const detail::Trial trial(net, base().parameters());
  const Batches own = batches;
  auto at = own.begin();
  const auto loss_of = [&](const auto& batch) -> Tensor {
    if constexpr (std::is_invocable_v<Loss&, const Tensor&, const Tensor&>) {
      const auto& [x, y] = batch;
      return loss(net(Arg(x, where)), y);
    } else {
      return loss(net, batch);
    }
  };
  const auto next = [&]() -> Tensor {
    if (at == own.end()) at = own.begin();  // the next epoch
    Tensor l = loss_of(*at);
    ++at;
    return l;
  };
  const auto first = [&]() -> Tensor { return loss_of(*own.begin()); };
  return detail::find_lr(base(), next, first, options, where);
}

}  // namespace gradus::train

// Which learning rate to take: a short run whose rate rises from step to step, and then some at the rates it points to.
//
//   auto found = train::find_lr(net, opt, data::batches(train, {.size = 32, .shuffle = true}), loss);
//   opt.set_lr(found.suggested);
//
// Network, optimizer, gradients, random numbers and batches are afterwards as they were, to the bit.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
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
  /// Of each trial at a constant rate: there are up to 8, from `lowest` down by factors of 2. 0: no trials, the curve
  /// alone suggests.
  std::int64_t trial_steps = 100;
};

/// What find_lr() has seen.
struct FoundLr {
  std::vector<double> lr, loss;           ///< of each step: its rate, and the loss before the step
  std::vector<double> smoothed;           ///< losses, averaged over neighbours
  double suggested = 0;                   ///< the rate to take: the one whose trial ended with the least loss
  double steepest = 0;                    ///< where the smoothed loss falls fastest
  double lowest = 0;                      ///< where it is least: already too large, as a rule
  std::vector<double> tried, tried_loss;  ///< of each trial: its rate, and the mean loss of its last fifth
  double limit = 0;  ///< 2/λmax of the Hessian at the start: where plain gradient descent becomes unstable; 0: unknown
  std::string text() const;  ///< the curve and the rates, for a terminal
};

namespace detail {

/// Everything that a trial run changes, and its return.
class Trial {
 public:
  Trial(nn::ModuleBase& net, const std::vector<Tensor>& trained);  ///< copies
  ~Trial() { put_back(); }
  void put_back();
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

 private:
  std::vector<std::pair<Tensor, Tensor>> numbers_, gradients_;
  std::uint64_t seed_, counter_;
};

/// What the runs need of network, optimizer and batches.
struct TrialRun {
  std::function<optim::OptimizerBase&()> begin;  ///< all as it was at first; the optimizer, for this run
  Objective next;                                ///< the loss of the next batch, recorded
  Objective first;                               ///< the loss of the first batch, recorded
};
FoundLr find_lr(const TrialRun& run, const FindLrOptions& options, Loc where);

}  // namespace detail

/// Takes .steps steps on `batches` with a copy of the optimizer, while the rate rises by a constant factor (Smith,
/// 2017). Where the loss was least the rate is too large as a rule: that rate, half of it, a quarter and so on are
/// tried for .trial_steps steps each, from the same start, until two more are worse than the best. Weights, buffers,
/// gradients and default_generator() are put back, also after an error; the copies take the optimizer's state along,
/// and the batches are copied. `loss` as for fit(). Throws for options out of range, and where the loss was not finite
/// from the start.
template <class Net, class Optimizer, class Batches, class Loss>
FoundLr find_lr(Net& net, const Optimizer& optimizer, const Batches& batches, Loss&& loss,
                const FindLrOptions& options = {}, Loc where = Loc::current()) {
  constexpr bool any = std::is_same_v<Optimizer, optim::AnyOptimizer>;
  std::optional<Optimizer> copy;
  const auto fresh = [&]() -> optim::OptimizerBase& {
    if constexpr (any) {
      copy.emplace(optimizer.clone(where));
      return copy->base(where);
    } else {
      return copy.emplace(optimizer);
    }
  };
  detail::Trial trial(net, fresh().parameters());
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
  detail::TrialRun run;
  run.begin = [&]() -> optim::OptimizerBase& {
    trial.put_back();
    at = own.begin();
    return fresh();
  };
  run.next = [&]() -> Tensor {
    if (at == own.end()) at = own.begin();  // the next epoch
    Tensor l = loss_of(*at);
    ++at;
    return l;
  };
  run.first = [&]() -> Tensor { return loss_of(*own.begin()); };
  return detail::find_lr(run, options, where);
}

}  // namespace gradus::train

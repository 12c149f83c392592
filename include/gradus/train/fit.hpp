// The training loop that is written again and again, as a function with options.
//
//   auto loss = [](const Tensor& out, const Tensor& y) { return cross_entropy(out, y); };
//   auto run = train::fit(net, opt, data::batches(train, {.size = 32, .shuffle = true}), loss,
//                         {.epochs = 20, .validation = test, .patience = 3, .restore_best_weights = true});
//   std::printf("best %.4f in epoch %d\n", run.best, int(run.best_epoch));
//
// With .epochs alone it does what this loop does, to the bit:
//
//   for (epoch …) for (auto [x, y] : batches) {
//     Tape tape; Tensor l = loss(net(x), y); tape.backward(l); opt.step(); opt.zero_grad(); }
//
// A Checkpointer is called by a callback, and holds a scheduler of yours:
//
//   {.scheduler = &schedule, .after_step = [&](train::FitState&) { checkpoint.step(); }}
//
// Nothing is hidden: no state stays behind in the network, the optimizer or the program, and what was not asked for is
// not done. Where it does not fit, write the loop: Monitor works there too.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gradus/data/dataset.hpp>
#include <gradus/optim/any.hpp>
#include <gradus/optim/schedule.hpp>
#include <gradus/train/monitor.hpp>

namespace gradus::train {

/// When the schedule of a fit() goes on.
enum class Per { step, epoch };

/// Why a fit() ended.
enum class Ended { epochs, patience, time_budget, stop_flag, callback, nonfinite_loss };

/// What a callback of fit() sees, and may do. It may change the network and the optimizer as the loop could.
struct FitState {
  nn::ModuleBase& net;                    ///< that is trained
  optim::OptimizerBase& optimizer;        ///< that trains it
  std::int64_t epoch = 0;                 ///< from 1
  std::int64_t batch = 0;                 ///< of this epoch, from 1
  std::int64_t step = 0;                  ///< optimizer steps so far
  double loss = Progress::unknown;        ///< of the last batch
  Tensor output = {};                     ///< of the network for the last batch; undefined with a loss(net, batch)
  Tensor target = {};                     ///< likewise
  std::vector<EpochReport> history = {};  ///< one for each epoch that has ended
  std::string stop_reason = {};           ///< set it, and the run ends after this step or epoch
};
using Callback = std::function<void(FitState&)>;  ///< called by fit()

/// A number to measure on the validation data: the mean over its examples of what the function gives for a batch.
struct Metric {
  std::string name;                                                        ///< "val_" is put before it
  std::function<double(const Tensor& output, const Tensor& target)> mean;  ///< over the batch
};

struct FitOptions {
  std::int64_t epochs = 1;  ///< passes over the batches

  data::Dataset validation = {};        ///< measured after each epoch: val_loss, val_accuracy of classes, and metrics
  std::int64_t validation_batch = 256;  ///< examples at once
  std::vector<Metric> metrics = {};     ///< of yours, on the validation data

  std::optional<optim::Schedule> schedule = {};  ///< of the rate
  optim::Scheduler* scheduler = nullptr;         ///< one of yours in its place, so that a checkpoint can hold it
  Per schedule_per = Per::step;                  ///< when it goes on
  double clip_norm = 0;                          ///< clip_grad_norm before each step; 0: not
  double clip_value = 0;                         ///< clip_grad_value before each step; 0: not
  /// Batches for one step. Their gradients are weighted by their examples, so that for a loss that is a mean the step
  /// is that of one batch of all of them, also where the last ones are smaller or fewer.
  std::int64_t accumulate = 1;
  /// Keeps averages of the weights, avg = ema avg + (1 - ema) w after each step; 0: not. They are what is validated,
  /// compared as the best, and left in the network at the end.
  double ema = 0;

  std::string watch = {};  ///< what is compared: "" is val_loss with validation data, else loss
  optim::PlateauMode mode = optim::PlateauMode::min;  ///< is a small one good, or a large one?
  double min_delta = 0;                               ///< what counts as better: by more than this
  std::int64_t patience = 0;                          ///< ends after so many epochs without a better one; 0: never
  bool restore_best_weights = false;  ///< at the end, whatever ended it, the network has the state of the best epoch

  double time_budget = 0;                   ///< seconds: the step in work is finished; 0: no limit
  const std::atomic<bool>* stop = nullptr;  ///< true ends it likewise: for signals and other threads
  Monitor* monitor = nullptr;               ///< is told every step and epoch
  Callback after_backward = {};             ///< the gradients are there, before clipping
  Callback after_step = {};                 ///< after zero_grad()
  Callback after_epoch = {};                ///< validated and in the history, before the best is compared
};

/// How it went.
struct FitResult {
  std::vector<EpochReport> history;  ///< one for each epoch; .metrics has val_loss and the others
  std::int64_t steps = 0;            ///< of the optimizer
  double seconds = 0;                ///< from the first batch to the end
  std::int64_t best_epoch = 0;       ///< 0: none was compared
  double best = Progress::unknown;   ///< the watched number then
  Ended ended = Ended::epochs;       ///< why
  std::string reason;                ///< the same in words
};

namespace detail {

/// What does not depend on the types of the network and the loss.
class FitLoop {
 public:
  using AnyStep = std::function<double(const Objective& loss, const std::function<void()>& walked)>;
  /// `any`: steps by a closure, or null for one walk and one step.
  FitLoop(nn::ModuleBase& net, optim::OptimizerBase& optimizer, AnyStep any, const FitOptions& options, Loc where);
  ~FitLoop();
  FitLoop(const FitLoop&) = delete;
  FitLoop& operator=(const FitLoop&) = delete;

  bool begin_epoch();                                        ///< false: the run has ended
  bool batch(const Objective& loss, std::int64_t examples);  ///< false: this epoch ends here
  /// from inside of `loss`
  void saw(const Tensor& input, const Tensor& output, const Tensor& target);
  /// `judge` gives the output and the loss of some examples.
  void end_epoch(const std::function<std::pair<Tensor, Tensor>(const data::Dataset&)>& judge);
  FitResult finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// How many examples a batch has: along the first axis of its last tensor; 1 if that cannot be seen.
template <class Batch>
std::int64_t examples_in(const Batch& batch) {
  if constexpr (requires { batch.y.size(0); })
    return batch.y.dim() > 0 ? batch.y.size(0) : 1;
  else if constexpr (requires { batch.second.size(0); })
    return batch.second.dim() > 0 ? batch.second.size(0) : 1;
  else
    return 1;
}

}  // namespace detail

/// Trains `net` by `optimizer` on `batches`, a range that each epoch goes over once: data::Batches, a vector of
/// datasets, a range of yours. `loss` is loss(output, target), for batches of an x and a y, or loss(net, batch) for
/// any others. An optimizer that evaluates the loss several times (L-BFGS) is given as an optim::AnyOptimizer. Throws
/// for options out of range and for a `watch` that no epoch has measured; what the loop itself throws passes through,
/// and the network then is as the last step left it.
template <class Net, class Optimizer, class Batches, class Loss>
FitResult fit(Net& net, Optimizer& optimizer, Batches&& batches, Loss&& loss, const FitOptions& options = {},
              Loc where = Loc::current()) {
  constexpr bool any = std::is_same_v<Optimizer, optim::AnyOptimizer>;
  const auto base = [&]() -> optim::OptimizerBase& {
    if constexpr (any)
      return optimizer.base(where);
    else
      return optimizer;
  };
  detail::FitLoop::AnyStep step;
  if constexpr (any) step = [&](const Objective& f, const auto& walked) { return optimizer.step(f, walked, where); };
  detail::FitLoop loop(net, base(), std::move(step), options, where);
  constexpr bool of_output = std::is_invocable_v<Loss&, const Tensor&, const Tensor&>;
  const auto judge = [&]([[maybe_unused]] const data::Dataset& part) -> std::pair<Tensor, Tensor> {
    if constexpr (of_output) {
      Tensor output = net(Arg(part.x, where));
      Tensor l = loss(output, part.y);
      return {std::move(output), std::move(l)};
    } else if constexpr (std::is_invocable_v<Loss&, Net&, const data::Dataset&>) {
      return {Tensor(), loss(net, part)};
    } else {
      return {};
    }
  };
  while (loop.begin_epoch()) {
    for (auto&& batch : batches) {
      const auto objective = [&]() -> Tensor {
        if constexpr (of_output) {
          const auto& [x, y] = batch;
          const Tensor output = net(Arg(x, where));
          loop.saw(x, output, y);
          return loss(output, y);
        } else {
          return loss(net, batch);
        }
      };
      if (!loop.batch(objective, detail::examples_in(batch))) break;
    }
    loop.end_epoch(judge);
  }
  return loop.finish();
}

}  // namespace gradus::train

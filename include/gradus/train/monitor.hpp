// What a training loop does, measured: a live line, a log, event files for TensorBoard.
//
//   train::Monitor mon(net, opt, {.log = "run.jsonl", .live = stdout, .epochs = 20});
//   for (int epoch = 0; epoch < 20; ++epoch) {
//     for (auto [x, y] : batches) {
//       Tape tape;
//       Tensor out = net(x), loss = cross_entropy(out, y);
//       tape.backward(loss);
//       opt.step();
//       mon.step(loss, {.output = out, .target = y});   // after opt.step()
//       opt.zero_grad();
//     }
//     mon.end_epoch({{"val_accuracy", accuracy(net, test)}});
//   }
//
// It reads and never changes: a run has the same bits with it and without.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gradus/optim/any.hpp>
#include <gradus/optim/optimizer.hpp>
#include <gradus/train/diagnosis.hpp>
#include <gradus/train/live_line.hpp>
#include <gradus/train/summary_writer.hpp>

namespace gradus::train {

/// Numbers by name, in order: {{"val_loss", 0.1}, {"val_accuracy", 0.98}}.
using Metrics = std::vector<std::pair<std::string, double>>;
/// The value of that name, or NaN.
double find(const Metrics& metrics, std::string_view name);

struct MonitorOptions {
  std::string log = {};          ///< a file of JSON Lines; src/train/RUN_LOG.md describes it. "": none
  std::string csv = {};          ///< the same numbers as a table. "": none
  std::string tensorboard = {};  ///< a folder for event files, with histograms and the graph. "": none
  std::FILE* live = nullptr;     ///< stdout or stderr: show a live line, and a line for each epoch
  std::int64_t epochs = 0;       ///< in the run, for the bar and the time left; 0: not known
  std::int64_t batches = 0;      ///< steps in an epoch; 0: known once an epoch has ended
  /// Steps that are done, of a run that goes on after a checkpoint. A log and a table that are there go on too: their
  /// lines of later steps are replaced.
  std::int64_t step_before = 0;
  std::int64_t epoch_before = 0;  ///< epochs that are done, likewise
  /// Norms of gradients and updates, dead and saturated units are measured at step 1 and at each step that this
  /// divides. One such step costs up to half a step more: 0.5 % at 100.
  std::int64_t every = 100;
  std::vector<std::pair<std::string, std::string>> settings = {};  ///< of yours, for the log: {{"data", "mnist"}}
  bool diagnose = true;  ///< look for what is wrong with the training: src/train/DIAGNOSES.md
};

/// What a step() may be told besides the loss.
struct StepData {
  Tensor output = {};      ///< (N, C) of the network; with a `target` (N), i64, the accuracy is counted
  Tensor target = {};      ///< what the output should be; its first axis is counted as items
  std::int64_t items = 0;  ///< examples in the batch; 0: as the target says
  Metrics metrics = {};    ///< numbers of yours, for the log
  /// (N, …), what the network was given: with it, examples that come twice with two labels are found, and those that
  /// held_out() was told of. fit() gives it by itself.
  Tensor input = {};
};

/// What a network answers to examples that it has not learnt from, for the log.
struct Answers {
  Tensor output = {};                     ///< (N, C) scores of classes, or (N) or (N, 1) numbers
  Tensor target = {};                     ///< (N) class numbers, i64, or numbers
  Tensor input = {};                      ///< (N, …): (N, 1 or 3, H, W) and (N, H, W) are shown as pictures
  std::vector<std::string> classes = {};  ///< their names; those without one are numbers
  std::int64_t worst = 24;                ///< how many of the examples with the highest loss are kept
};

/// One parameter at a sampled step.
struct ParameterReport {
  std::string name;                         ///< "encoder.fc1.weight"
  double grad_norm = Progress::unknown;     ///< after the last walk, so before clipping
  double norm = Progress::unknown;          ///< of the weights before the update
  double update_ratio = Progress::unknown;  ///< norm of the update / norm
};

/// The units of one activation at a sampled step. A unit is a column of (N, F) and (N, T, F), a channel of (N, C, H,
/// W).
struct UnitReport {
  std::string layer;                     ///< its scope and operation: "1.relu"
  std::int64_t units = 0;                ///< how many
  std::int64_t examples = 0;             ///< of an epoch: in its sampled batches
  double dead = Progress::unknown;       ///< relu: the share of units that were 0 for every example
  double saturated = Progress::unknown;  ///< tanh beyond ±0.97, sigmoid outside 0.015 … 0.985: the share of values
};

/// One step.
struct StepReport {
  std::int64_t step = 0, epoch = 0;              ///< from 1
  double loss = Progress::unknown;               ///< as given
  double accuracy = Progress::unknown;           ///< of this batch, if it could be counted
  double lr = 0;                                 ///< of the first group, when step() was called
  std::int64_t items = 0;                        ///< examples
  std::uint64_t batch = 0;                       ///< with a log: a hash of the targets; 0: not known
  Metrics metrics = {};                          ///< as given
  bool sampled = false;                          ///< whether what follows was measured
  double grad_norm = Progress::unknown;          ///< of all parameters together, before clipping
  bool clipped = false;                          ///< a gradient was scaled between the walk and the step
  double update_ratio = Progress::unknown;       ///< of all parameters together
  std::vector<ParameterReport> parameters = {};  ///< of each
  std::vector<UnitReport> units = {};            ///< of each activation
};

/// One epoch.
struct EpochReport {
  std::int64_t epoch = 0, step = 0;     ///< its number from 1, and the steps so far
  double loss = Progress::unknown;      ///< the mean over its items
  double accuracy = Progress::unknown;  ///< likewise, of weights that were still changing
  double lr = 0;                        ///< of the last step
  double seconds = 0;                   ///< from the end of the one before
  std::int64_t items = 0;               ///< examples
  Metrics metrics = {};                 ///< what end_epoch() was given
  std::vector<UnitReport> units = {};   ///< dead: in all batches of the epoch that were sampled
};

namespace detail {

class FitLoop;

/// Options of an optimizer as JSON: visits their fields().
struct OptionTexts {
  std::vector<std::pair<std::string, std::string>> all = {};
  void operator()(std::string_view name, double value);
  void operator()(std::string_view name, std::int64_t value);
  void operator()(std::string_view name, bool value);
  void operator()(std::string_view name, const std::array<double, 2>& value);
  template <class T>
  void operator()(std::string_view name, const T& value) {
    if constexpr (std::is_enum_v<T> || std::is_integral_v<T>) (*this)(name, static_cast<std::int64_t>(value));
  }
};

template <class Optimizer>
std::vector<OptionTexts> option_texts(const Optimizer& optimizer) {
  std::vector<OptionTexts> groups(optimizer.groups());
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if constexpr (requires(OptionTexts v) { std::remove_cvref_t<decltype(optimizer.options())>().fields(v); }) {
      auto options = optimizer.options(g);
      options.fields(groups[g]);
    } else {
      groups[g]("lr", optimizer.lr(g));
    }
  }
  return groups;
}

}  // namespace detail

/// Gathers, writes and shows. It belongs to the thread that made it, on which the loop runs, and watches the tape of
/// that thread at sampled steps only. It may outlive neither the network nor the optimizer.
class Monitor {
 public:
  /// For this network and optimizer. Throws if a file cannot be written.
  template <std::derived_from<optim::OptimizerBase> Optimizer>
  Monitor(const nn::ModuleBase& net, Optimizer& optimizer, MonitorOptions options = {}, Loc where = Loc::current())
      : Monitor(net, optimizer, detail::option_texts(optimizer), std::move(options), where) {}
  /// The same for an optimizer that was chosen while the program runs.
  Monitor(const nn::ModuleBase& net, optim::AnyOptimizer& optimizer, MonitorOptions options = {},
          Loc where = Loc::current())
      : Monitor(net, optimizer.base(where), std::move(options), where) {}
  ~Monitor();  ///< ends the log
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  /// After each optimizer step, with its loss, one element. It may come before or after zero_grad(). Called before the
  /// optimizer's step it works too, but updates are then reported one step later.
  const StepReport& step(const Tensor& loss, const StepData& data = {}, Loc where = Loc::current());
  const StepReport& step(double loss, const StepData& data = {}, Loc where = Loc::current());
  /// After each epoch, with what was measured then: {{"val_loss", …}, {"val_accuracy", …}}.
  const EpochReport& end_epoch(Metrics metrics = {}, Loc where = Loc::current());

  /// At the end, for `gradus report`: which classes are taken for which (at most 200 classes), and the examples with
  /// the highest loss. Works without a log too, and does nothing then. Throws for shapes that do not fit together.
  void add_answers(const Answers& answers, Loc where = Loc::current());

  /// Examples (N, …) that are not to be trained on. They are looked for among the .input of step().
  void held_out(const Tensor& examples, Loc where = Loc::current());

  /// What is wrong with this training, by all that was seen so far; empty for a healthy one. What follows from another
  /// diagnosis of the list is not in it. Each is also printed below the live line, and written to the log, once it is
  /// certain.
  std::vector<Diagnosis> diagnoses() const;

  Progress progress() const;                            ///< how the run stands, for a display of your own
  std::string line(const LineStyle& style = {}) const;  ///< the same as a line
  const StepReport& last_step() const;                  ///< the last step()
  const StepReport& last_sample() const;                ///< the last step that was sampled
  SummaryWriter* tensorboard();                         ///< to add to it; null without .tensorboard
  /// Why a file could not be written further, or "". That ends the file and not the training.
  const std::string& trouble() const;

 private:
  Monitor(const nn::ModuleBase& net, optim::OptimizerBase& optimizer, std::vector<detail::OptionTexts> groups,
          MonitorOptions options, Loc where);
  friend class detail::FitLoop;
  void failed(double loss);  // a loss that is not finite has ended the loop
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gradus::train

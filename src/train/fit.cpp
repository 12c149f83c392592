// The loop of fit(): one batch, the end of an epoch, and what ends the run.
#include <gradus/train/fit.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include <gradus/data/batches.hpp>
#include <gradus/ops.hpp>
#include <gradus/optim/clip.hpp>
#include <gradus/tape.hpp>

#include "train/averaged.hpp"
#include "train/averages.hpp"
#include "train/diagnosis/environment.hpp"
#include "train/right.hpp"

namespace gradus::train {

using Clock = std::chrono::steady_clock;

namespace detail {
namespace {

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

[[noreturn]] void refuse(std::string wrong, std::string got, std::string expected, Loc where) {
  throw Error("fit", {.wrong = std::move(wrong), .got = std::move(got), .expected = std::move(expected)}, where);
}

void check(const FitOptions& o, Loc where) {
  const auto at_least = [where](const char* name, double value, double least) {
    if (!(value >= least))
      refuse(fmt::format("{} is out of range", name), fmt::format("{}", value), fmt::format("{} or more", least),
             where);
  };
  at_least("epochs", static_cast<double>(o.epochs), 0);
  at_least("validation_batch", static_cast<double>(o.validation_batch), 1);
  at_least("accumulate", static_cast<double>(o.accumulate), 1);
  at_least("patience", static_cast<double>(o.patience), 0);
  at_least("clip_norm", o.clip_norm, 0);
  at_least("clip_value", o.clip_value, 0);
  at_least("min_delta", o.min_delta, 0);
  at_least("time_budget", o.time_budget, 0);
  at_least("ema", o.ema, 0);
  if (o.schedule && o.scheduler != nullptr)
    refuse("there are two schedules", ".schedule and .scheduler", "one of them", where);
  if (o.ema >= 1) refuse("ema is out of range", fmt::format("{}", o.ema), "0 to less than 1", where);
  if (!o.metrics.empty() && !o.validation.y.defined())
    refuse("metrics are measured on validation data, and there is none", "", ".validation = …", where);
}

// What is summed over an epoch.
struct Tally {
  double weight = 0, loss = 0, right = 0, judged = 0;
  std::int64_t items = 0;
};

StateDict copy_of(const StateDict& state) {
  StateDict copy;
  for (const auto& [name, tensor] : state) copy.emplace_back(name, tensor.detach().clone());
  return copy;
}

}  // namespace

struct FitLoop::State {
  State(nn::ModuleBase& net, optim::OptimizerBase& optimizer, AnyStep any_step, const FitOptions& options, Loc line)
      : o(options), where(line), any(std::move(any_step)), fit{.net = net, .optimizer = optimizer} {
    if (o.schedule) own_scheduler.emplace(optimizer, *o.schedule, line);
    scheduler = o.schedule ? &*own_scheduler : o.scheduler;
    if (o.ema > 0) averages.emplace(net, o.ema);
  }

  void walk(const Objective& loss);
  void walk_weighted(const Objective& loss);
  void before_step();
  void after_step();
  void end(Ended why, std::string text);
  void look_for_ends();
  Metrics validate(const std::function<std::pair<Tensor, Tensor>(const data::Dataset&)>& judge);
  void compare(const EpochReport& epoch);

  const FitOptions& o;
  const Loc where;
  AnyStep any;
  FitState fit;
  std::optional<optim::Scheduler> own_scheduler;
  optim::Scheduler* scheduler = nullptr;
  std::optional<Averages> averages;
  FitResult result;
  StateDict best_state;
  Tally tally;
  Tensor input;                                // of the batch in work
  std::int64_t examples = 0;                   // of the batch in work
  std::int64_t gathered = 0, gathered_of = 0;  // batches since the last step, and their examples
  double gathered_loss = 0;                    // summed over them
  std::int64_t without_better = 0;
  bool over = false;
  Clock::time_point begun = Clock::now(), epoch_begun = begun;
};

void FitLoop::State::end(Ended why, std::string text) {
  if (over) return;
  over = true;
  result.ended = why;
  result.reason = std::move(text);
}

void FitLoop::State::look_for_ends() {
  if (!fit.stop_reason.empty()) end(Ended::callback, fit.stop_reason);
  if (o.stop != nullptr && o.stop->load(std::memory_order_relaxed)) end(Ended::stop_flag, "the stop flag was set");
  if (o.time_budget > 0 && since(begun) >= o.time_budget)
    end(Ended::time_budget, fmt::format("{} s were over", o.time_budget));
}

// As the loop of the README: the same operations in the same order.
void FitLoop::State::walk(const Objective& loss) {
  Tape tape;
  const Tensor l = loss();
  fit.loss = l.item(where);
  if (std::isfinite(fit.loss)) tape.backward(Arg(l, where));
}

// The gradient of the sum over examples is added up; before_step() divides by their number.
void FitLoop::State::walk_weighted(const Objective& loss) {
  Tape tape;
  const Tensor l = loss();
  fit.loss = l.item(where);
  if (std::isfinite(fit.loss)) tape.backward(Arg(l * static_cast<double>(examples), where));
}

void FitLoop::State::before_step() {
  if (o.accumulate > 1) {
    for (const Tensor& p : fit.optimizer.parameters()) {
      Tensor g = p.grad();
      if (g.defined()) g.mul_(1.0 / static_cast<double>(gathered_of));
    }
  }
  if (o.after_backward) o.after_backward(fit);
  if (o.clip_value > 0) optim::clip_grad_value(fit.optimizer.parameters(), o.clip_value, where);
  if (o.clip_norm > 0) optim::clip_grad_norm(fit.optimizer.parameters(), o.clip_norm, 2, false, where);
}

void FitLoop::State::after_step() {
  const bool several = gathered > 1;
  const double loss = several ? gathered_loss / static_cast<double>(gathered_of) : fit.loss;
  const StepData data{.output = several ? Tensor() : fit.output,
                      .target = fit.target,
                      .items = gathered_of,
                      .input = several ? Tensor() : input};
  gathered = 0;
  gathered_of = 0;
  gathered_loss = 0;
  ++fit.step;
  if (averages) averages->add();
  if (o.monitor != nullptr) o.monitor->step(loss, data, where);
  if (scheduler != nullptr && o.schedule_per == Per::step) scheduler->step(where);
  if (o.after_step) o.after_step(fit);
}

FitLoop::FitLoop(nn::ModuleBase& net, optim::OptimizerBase& optimizer, AnyStep any, const FitOptions& options,
                 Loc where) {
  check(options, where);
  if (any && options.accumulate > 1)
    refuse("accumulate needs an optimizer that takes one walk for a step", "an AnyOptimizer",
           "the optimizer itself, or accumulate = 1", where);
  state_ = std::make_unique<State>(net, optimizer, std::move(any), options, where);
  if (!options.validation.x.defined()) return;
  if (options.monitor != nullptr)
    options.monitor->held_out(options.validation.x, where);
  else
    diagnosis::tell_environment_held_out(options.validation.x);
}

FitLoop::~FitLoop() = default;

bool FitLoop::begin_epoch() {
  State& s = *state_;
  s.look_for_ends();
  if (s.over || s.fit.epoch == s.o.epochs) return false;
  ++s.fit.epoch;
  s.fit.batch = 0;
  s.tally = {};
  s.epoch_begun = Clock::now();
  return true;
}

void FitLoop::saw(const Tensor& input, const Tensor& output, const Tensor& target) {
  state_->input = input;
  state_->fit.output = output.detach();
  state_->fit.target = target;
}

bool FitLoop::batch(const Objective& loss, std::int64_t examples) {
  State& s = *state_;
  ++s.fit.batch;
  s.examples = examples;
  s.fit.output = {};
  s.fit.target = {};
  if (s.any) {
    s.fit.loss = s.any(loss, s.o.after_backward || s.o.clip_norm > 0 || s.o.clip_value > 0
                                 ? std::function<void()>([&s] { s.before_step(); })
                                 : std::function<void()>());
  } else if (s.o.accumulate > 1) {
    s.walk_weighted(loss);
  } else {
    s.walk(loss);
  }
  if (!std::isfinite(s.fit.loss)) {
    s.end(Ended::nonfinite_loss, fmt::format("the loss became {} in epoch {}, batch {}; a smaller rate may help",
                                             s.fit.loss, s.fit.epoch, s.fit.batch));
    if (s.o.monitor != nullptr && !s.any) s.o.monitor->failed(s.fit.loss);
    if (!s.any) return false;
  }
  const auto n = static_cast<double>(examples);
  s.tally.items += examples;
  s.tally.weight += n;
  s.tally.loss += n * s.fit.loss;
  if (const auto hits = right_answers(s.fit.output, s.fit.target)) {
    s.tally.right += static_cast<double>(hits->right);
    s.tally.judged += static_cast<double>(hits->all);
  }
  ++s.gathered;
  s.gathered_of += examples;
  s.gathered_loss += n * s.fit.loss;
  if (s.any) {
    s.after_step();
  } else if (s.gathered == s.o.accumulate) {
    s.before_step();
    s.fit.optimizer.step(s.where);
    s.fit.optimizer.zero_grad();
    s.after_step();
  }
  s.look_for_ends();
  return !s.over;
}

Metrics FitLoop::State::validate(const std::function<std::pair<Tensor, Tensor>(const data::Dataset&)>& judge) {
  if (!o.validation.y.defined()) return {};
  const nn::Evaluating evaluating;
  double loss = 0;
  double right = 0;
  double judged = 0;
  std::vector<double> sums(o.metrics.size());
  for (const data::Dataset& part : data::batches(o.validation, {.size = o.validation_batch}, where)) {
    const auto [output, l] = judge(part);
    if (!l.defined() || (!output.defined() && !o.metrics.empty()))
      refuse("validation data and metrics need a loss that takes them", "a loss of the network and a batch",
             "loss(output, target); or, without metrics, loss(net, dataset)", where);
    const auto n = static_cast<double>(part.size());
    loss += n * l.item(where);
    if (const auto hits = right_answers(output, part.y)) {
      right += static_cast<double>(hits->right);
      judged += static_cast<double>(hits->all);
    }
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += n * o.metrics[i].mean(output, part.y);
  }
  const auto all = static_cast<double>(o.validation.size());
  Metrics measured{{"val_loss", loss / all}};
  if (judged > 0) measured.emplace_back("val_accuracy", right / judged);
  for (std::size_t i = 0; i < sums.size(); ++i) measured.emplace_back("val_" + o.metrics[i].name, sums[i] / all);
  return measured;
}

// Is this epoch the best so far? Its state is kept if it will be wanted.
void FitLoop::State::compare(const EpochReport& epoch) {
  const std::string name = !o.watch.empty() ? o.watch : o.validation.y.defined() ? "val_loss" : "loss";
  double value = find(epoch.metrics, name);
  if (name == "loss") value = epoch.loss;
  if (name == "accuracy") value = epoch.accuracy;
  const bool known =
      name == "loss" || name == "accuracy" ||
      std::any_of(epoch.metrics.begin(), epoch.metrics.end(), [&](const auto& m) { return m.first == name; });
  if (!known) {
    std::string names = "loss, accuracy";
    for (const auto& [measured, ignored] : epoch.metrics) names += ", " + measured;
    refuse("what is to be watched is not measured", "watch = \"" + name + '"', "one of " + names, where);
  }
  const double gain = o.mode == optim::PlateauMode::min ? result.best - value : value - result.best;
  const bool better = !std::isnan(value) && (result.best_epoch == 0 || gain > o.min_delta);
  without_better = better ? 0 : without_better + 1;
  if (better) {
    result.best = value;
    result.best_epoch = epoch.epoch;
    if (o.restore_best_weights) best_state = copy_of(fit.net.state_dict(where));
  }
  if (o.patience > 0 && without_better >= o.patience)
    end(Ended::patience, fmt::format("{} was not better for {} epochs", name, without_better));
}

void FitLoop::end_epoch(const std::function<std::pair<Tensor, Tensor>(const data::Dataset&)>& judge) {
  State& s = *state_;
  if (s.fit.batch == 0) refuse("there is no batch in this epoch", "an empty range", "", s.where);
  const bool broken = s.over && s.result.ended == Ended::nonfinite_loss;
  if (s.gathered > 0 && !broken) {
    s.before_step();
    s.fit.optimizer.step(s.where);
    s.fit.optimizer.zero_grad();
    s.after_step();
  }
  if (broken) {
    s.fit.optimizer.zero_grad();
    return;
  }
  EpochReport epoch{.epoch = s.fit.epoch,
                    .step = s.fit.step,
                    .loss = s.tally.loss / s.tally.weight,
                    .accuracy = s.tally.judged > 0 ? s.tally.right / s.tally.judged : Progress::unknown,
                    .lr = s.fit.optimizer.lr(),
                    .seconds = since(s.epoch_begun),
                    .items = s.tally.items};
  {
    const Averages::Shown shown(s.averages ? &*s.averages : nullptr);
    const Averaged learned(s.fit.optimizer);
    epoch.metrics = s.validate(judge);
    if (s.o.monitor != nullptr) {
      epoch.units = s.o.monitor->end_epoch(epoch.metrics, s.where).units;
    } else {
      diagnosis::tell_environment({.epoch = epoch.epoch,
                                   .loss = epoch.loss,
                                   .accuracy = epoch.accuracy,
                                   .val_loss = find(epoch.metrics, "val_loss"),
                                   .val_accuracy = find(epoch.metrics, "val_accuracy")});
    }
    s.fit.history.push_back(epoch);
    if (s.o.after_epoch) s.o.after_epoch(s.fit);
    s.compare(s.fit.history.back());
  }
  if (s.scheduler != nullptr && s.o.schedule_per == Per::epoch) s.scheduler->step(s.where);
}

FitResult FitLoop::finish() {
  State& s = *state_;
  if (s.o.restore_best_weights && s.result.best_epoch > 0)
    s.fit.net.load_state_dict(s.best_state, {}, s.where);
  else if (s.averages)
    s.averages->leave();
  s.result.history = std::move(s.fit.history);
  s.result.steps = s.fit.step;
  s.result.seconds = since(s.begun);
  if (!s.over) s.result.reason = fmt::format("{} epochs are done", s.fit.epoch);
  return std::move(s.result);
}

}  // namespace detail
}  // namespace gradus::train

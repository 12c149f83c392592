// The training loop, and how a run begins and ends.
#include "train/training.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/print.hpp"
#include "cli/spec.hpp"
#include "train/averaged.hpp"
#include "train/saved.hpp"
#include "train/watch.hpp"

namespace gradus::tool {
namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

}  // namespace

Training::Training(const TrainOptions& options, Task task, nn::Sequential net, optim::AnyOptimizer optimizer,
                   MakeSchedule schedule, Ranks* ranks)
    : o_(options),
      task_(std::move(task)),
      objective_(task_),
      net_(std::move(net)),
      optimizer_(std::move(optimizer)),
      batches_(task_.train.batches({.size = o_.batch, .shuffle = true})),
      schedule_(optimizer_.base(), schedule(optimizer_.base().lr(), o_.epochs * batches_.size())),
      keeper_(o_, net_, optimizer_, schedule_),
      ranks_(ranks),
      log_((check_save(), o_.logs_events() ? "" : o_.log),
           fmt::format("epoch,step,loss,train_{0},test_{0},seconds,lr", objective_.name()), resume()),
      monitor_(make_monitor()) {}

// Goes on, if asked to; returns how many epochs are done. The checkpoint has all that an epoch's line in the log needs.
std::int64_t Training::resume() {
  keeper_.must_match("--data", is_file(o_.data) ? "a file" : o_.data);
  // Other schedules than a constant one stretch over all epochs.
  if (o_.schedule != "constant") keeper_.must_match("--epochs", std::to_string(o_.epochs));
  keeper_.add("batches", batches_);
  keeper_.add("examples", tally_.examples);
  keeper_.add("loss", tally_.loss);
  keeper_.add("quality", tally_.quality);
  keeper_.add("seconds", tally_.seconds);
  keeper_.add("last_rate", lr_);
  keeper_.add("test_score", test_score_);
  keeper_.begin();
  return batches_.epoch();
}

Exit Training::run() {
  announce();
  if (ranks_) ranks_->begin(net_);
  const auto begin = Clock::now();
  const gradus::train::Interrupt interrupt;  // until all is saved
  const int signal = epochs(interrupt);
  return signal ? stopped(signal) : finished(since(begin));
}

int Training::epochs(const gradus::train::Interrupt& interrupt) {
  Progress progress(o_.epochs, objective_, o_.quiet);
  while (batches_.epoch() < o_.epochs) {
    if (const int signal = epoch(progress, interrupt)) return signal;
  }
  return 0;
}

int Training::epoch(Progress& progress, const gradus::train::Interrupt& interrupt) {
  const auto begin = Clock::now();
  const double before = tally_.seconds;
  epoch_ = batches_.epoch() + 1;
  for (const auto& [x, y] : batches_) {
    step(x, y);
    tally_.seconds = before + since(begin);
    keeper_.step();
    if (progress.is_due()) progress.show(monitor_->progress(), objective_.score(tally_.mean_quality()));
    const int signal = ranks_ ? ranks_->agreed(interrupt.signal()) : interrupt.signal();
    if (signal) return signal;
  }
  if (ranks_) tally_.quality = ranks_->sum(tally_.quality);
  {
    const gradus::train::Averaged learned(optimizer_.base());
    test_score_ = objective_.score(net_, task_.test);
  }
  const EpochResult result{.epoch = epoch_,
                           .step = keeper_.steps(),
                           .loss = tally_.mean_loss(),
                           .train_score = objective_.score(tally_.mean_quality()),
                           .test_score = test_score_,
                           .seconds = before + since(begin),
                           .lr = lr_};
  log_.add(fmt::format("{},{},{},{},{},{:.3f},{}", result.epoch, result.step, result.loss,
                       objective_.log_text(result.train_score), objective_.log_text(result.test_score), result.seconds,
                       result.lr));
  if (monitor_) monitor_->end_epoch({{std::string("val_") + objective_.name(), test_score_}});
  progress.finish(result);
  tally_ = {};
  return 0;
}

// A short run is measured more often than the 100 of the monitor: else its curves would be two or three points.
std::int64_t Training::sampled_each() const {
  const std::int64_t steps = batches_.size() * std::min<std::int64_t>(o_.epochs, 10'000);
  return std::clamp<std::int64_t>(steps / 50, 10, 100);
}

std::unique_ptr<gradus::train::Monitor> Training::make_monitor() {
  if (o_.quiet && !o_.logs_events() && o_.tensorboard.empty()) return nullptr;
  return tool::make_monitor(o_, task_.name, net_, optimizer_,
                            {.epochs = o_.epochs,
                             .batches = batches_.size(),
                             .step_before = keeper_.steps(),
                             .epoch_before = batches_.epoch(),
                             .every = sampled_each()});
}

// For `gradus report`: what the trained network answers to the test examples.
void Training::log_answers() {
  if (!monitor_ || !o_.logs_events() || task_.test.size() == 0) return;
  const gradus::train::Averaged learned(optimizer_.base());
  const nn::Evaluating evaluating(net_);
  std::vector<Tensor> answers, targets, inputs;
  for (const auto& [x, y] : task_.test.batches({.size = 256})) {
    answers.push_back(net_(x));
    targets.push_back(y);
    inputs.push_back(x);
  }
  Shape shape = task_.image ? *task_.image : Shape{task_.features()};
  shape.insert(0, task_.test.size());
  monitor_->add_answers({.output = concat(answers),
                         .target = concat(targets),
                         .input = concat(inputs).reshape(shape),
                         .classes = task_.encoding.classes});
}

// The same on all ranks: each computes its share of the batch. Answers and targets are those of the share.
double Training::step_together(const Tensor& x, const Tensor& y, Tensor& answers, Tensor& targets) {
  const double loss = ranks_->sync().backward({x, y}, [&](const Tensor& inputs, const Tensor& wanted) {
    const Tensor output = net_(inputs);
    answers = output.detach();
    targets = wanted;
    return objective_.loss(output, wanted);
  });
  optimizer_.base().step();
  optimizer_.base().zero_grad();
  return loss;
}

// One step of the optimizer on one batch.
void Training::step(const Tensor& x, const Tensor& y) {
  Tensor answers;  // before the step
  lr_ = optimizer_.base().lr();
  Tensor targets = y;
  const auto alone = [&] {
    return optimizer_.step([&] {
      const Tensor output = net_(x);
      if (!answers.defined()) answers = output.detach();
      return objective_.loss(output, y);
    });
  };
  const double loss = ranks_ ? step_together(x, y, answers, targets) : alone();
  if (monitor_) monitor_->step(loss, {.output = task_.regression ? Tensor() : answers, .target = targets, .input = x});
  check(loss);
  schedule_.step();
  tally_.examples += y.numel();
  tally_.loss += static_cast<double>(y.numel()) * loss;
  if (answers.defined()) tally_.quality += static_cast<double>(targets.numel()) * objective_.quality(answers, targets);
}

void Training::check(double loss) const {
  if (std::isfinite(loss)) return;
  throw Stop(failed, fmt::format("the loss became {} in epoch {}, step {}: training failed and nothing was saved\n"
                                 "  try: a smaller learning rate, --opt {}:lr={:.2g}",
                                 std::isnan(loss) ? "NaN" : "infinite", epoch_, keeper_.steps() + 1,
                                 parse_spec(o_.opt).name, lr_ / 10));
}

void Training::announce() {
  if (o_.summary) {
    Shape one = task_.train.shape();
    one.insert(0, 1);
    flush_out();
    nn::print(net_, one);
    print("\n");
  }
  if (o_.quiet) return;
  const std::string what = task_.regression ? "for regression" : fmt::format("of {} classes", grouped(task_.classes));
  print("data  {}: {} training and {} test examples {}\n", task_.name, grouped(task_.train.size()),
        grouped(task_.test.size()), what);
  print("net   {}: {} parameters\n", o_.net, grouped(net_.parameter_count()));
  print("opt   {}, {} rate, batch {}, seed {}\n", o_.opt, o_.schedule, o_.batch, o_.seed);
  if (keeper_.resumed()) print("from  {}: {} steps\n", keeper_.resumed().file, keeper_.steps());
  print("\n");
  flush_out();
}

Exit Training::finished(double seconds) {
  if (is_follower()) return success;
  log_answers();
  if (!o_.quiet) print("\n{} epochs in {}\n", o_.epochs, duration(seconds));
  print_diagnoses(o_, monitor_.get());
  print("test {} {}\n", objective_.name(), objective_.verdict(test_score_, task_.test));
  if (save()) print("model {}\n", o_.save);
  keeper_.save();
  if (!o_.log.empty() && !o_.logs_events()) print("log   {}: {}\n", o_.log, log_.columns());
  print_files(o_, monitor_.get());
  return success;
}

Exit Training::stopped(int signal) {
  if (is_follower()) return ended_by(signal);
  const bool saved = save();
  keeper_.save();
  print("interrupted in epoch {} of {}, after {} steps\n", epoch_, o_.epochs, keeper_.steps());
  if (saved) print("model {}, as it was then\n", o_.save);
  if (keeper_.active()) print("state {}: --resume goes on from there\n", keeper_.newest());
  if (!saved && !keeper_.active()) print("nothing was saved: there was neither --save nor --checkpoint\n");
  return ended_by(signal);
}

// That a model cannot be saved should be known before it is trained.
void Training::check_save() const {
  if (o_.save.empty()) return;
  try {
    io::check_save(o_.save, net_.state_dict(), describe(o_, task_, keeper_.steps()));
  } catch (const Error& e) { throw Stop(file_trouble, fmt::format("--save {}", e.complaint().wrong)); }
}

bool Training::save() {
  if (o_.save.empty()) return false;
  const gradus::train::Averaged learned(optimizer_.base());
  try {
    io::save(o_.save, net_.state_dict(), describe(o_, task_, keeper_.steps()));
  } catch (const Error& e) { throw Stop(file_trouble, fmt::format("--save {}", e.complaint().wrong)); }
  return true;
}

}  // namespace gradus::tool

// One run: an ordinary training loop over the public interface, and what a user wants to see around it.
#pragma once

#include <memory>
#include <string>

#include <gradus/train/monitor.hpp>

#include "cli/command.hpp"
#include "cli/optimizers.hpp"
#include "train/data.hpp"
#include "train/keeper.hpp"
#include "train/log.hpp"
#include "train/objective.hpp"
#include "train/progress.hpp"
#include "train/ranks.hpp"
#include "train/schedules.hpp"

namespace gradus::tool {

struct TrainOptions : DataOptions {
  std::string net, opt = "adamw:lr=1e-3", schedule = "constant";
  std::int64_t epochs = 12, batch = 32, seed = 1;
  std::string save, log, tensorboard, checkpoint, emit;
  std::int64_t checkpoint_every = 100;
  std::int64_t ranks = 1;
  bool summary = false, quiet = false, resume = false, find_lr = false;
  // Of a text.
  std::optional<std::int64_t> steps;
  std::string tokenizer;
  double clip = 1;

  // Is the log one of events, as src/train/RUN_LOG.md describes it?
  bool logs_events() const { return log.ends_with(".jsonl"); }
};

class Training {
 public:
  // The net takes the task's examples as they are, and the optimizer trains that net. Throws Stop for a model or a log
  // that could not be written.
  Training(const TrainOptions& options, Task task, nn::Sequential net, optim::AnyOptimizer optimizer,
           MakeSchedule schedule, Ranks* ranks = nullptr);
  Exit run();

 private:
  // Sums over the batches of an epoch.
  struct Tally {
    std::int64_t examples = 0;
    double loss = 0, quality = 0, seconds = 0;
    double mean_loss() const { return loss / static_cast<double>(examples); }
    double mean_quality() const { return quality / static_cast<double>(examples); }
  };

  void check_save() const;
  void announce();
  int epochs(const gradus::train::Interrupt& interrupt);                     // 0, or the signal that ended them
  int epoch(Progress& progress, const gradus::train::Interrupt& interrupt);  // likewise
  std::int64_t resume();
  void step(const Tensor& x, const Tensor& y);
  double step_together(const Tensor& x, const Tensor& y, Tensor& answers, Tensor& targets);
  bool is_follower() const { return ranks_ != nullptr && ranks_->rank() > 0; }  // writes nothing
  std::int64_t sampled_each() const;
  std::unique_ptr<gradus::train::Monitor> make_monitor();
  void check(double loss) const;
  void log_answers();
  Exit finished(double seconds);
  Exit stopped(int signal);
  bool save();  // false: not asked for

  const TrainOptions o_;
  const Task task_;
  const Objective objective_;
  nn::Sequential net_;
  optim::AnyOptimizer optimizer_;
  data::Batches batches_;
  optim::Scheduler schedule_;
  Keeper keeper_;
  std::int64_t epoch_ = 0;  // begun
  Tally tally_;
  double lr_ = 0;  // of the last step
  double test_score_ = 0;
  Ranks* ranks_;                                     // null: this process trains alone
  RunLog log_;                                       // as CSV
  std::unique_ptr<gradus::train::Monitor> monitor_;  // null where nobody would see it
};

}  // namespace gradus::tool

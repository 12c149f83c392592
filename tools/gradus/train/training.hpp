// One run: an ordinary training loop over the public interface, and what a user wants to see around it.
#pragma once

#include <string>

#include "cli/command.hpp"
#include "cli/optimizers.hpp"
#include "train/data.hpp"
#include "train/interrupt.hpp"
#include "train/log.hpp"
#include "train/objective.hpp"
#include "train/progress.hpp"
#include "train/schedules.hpp"

namespace gradus::tool {

struct TrainOptions : DataOptions {
  std::string net, opt = "adamw:lr=1e-3", schedule = "constant";
  std::int64_t epochs = 12, batch = 32, seed = 1;
  std::string save, log;
  bool summary = false, quiet = false;
  // Of a text.
  std::optional<std::int64_t> steps;
  std::string tokenizer;
  double clip = 1;
};

class Training {
 public:
  // The net takes the task's examples as they are, and the optimizer trains that net. Throws Stop for a model or a log
  // that could not be written.
  Training(const TrainOptions& options, Task task, nn::Sequential net, optim::AnyOptimizer optimizer,
           MakeSchedule schedule);
  Exit run();

 private:
  struct Tally;

  void check_save() const;
  void announce();
  int epochs();                                               // 0, or the signal that ended them
  int epoch(Progress& progress, const Interrupt& interrupt);  // likewise
  data::Batches batches() const;
  void step(const Tensor& x, const Tensor& y, Tally& tally);
  void check(double loss) const;
  Exit finished(double seconds) const;
  Exit stopped(int signal) const;
  bool save() const;  // false: not asked for

  const TrainOptions o_;
  const Task task_;
  const Objective objective_;
  nn::Sequential net_;
  optim::AnyOptimizer optimizer_;
  optim::Scheduler schedule_;
  RunLog log_;
  std::int64_t epoch_ = 0, steps_ = 0;  // begun; taken
  double lr_ = 0;                       // of the last step
  double test_score_ = 0;
};

}  // namespace gradus::tool

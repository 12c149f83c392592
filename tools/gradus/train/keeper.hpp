// --checkpoint and --resume: the training that goes on where it was stopped.
#pragma once

#include <gradus/gradus.hpp>

#include <optional>
#include <string>

namespace gradus::tool {

struct TrainOptions;

class Keeper {
 public:
  // Without --checkpoint it only counts steps. Throws Stop for a folder that cannot be written.
  Keeper(const TrainOptions& options, nn::ModuleBase& net, optim::AnyOptimizer& optimizer, optim::Scheduler& schedule);

  void add(const char* name, gradus::train::Part part);
  void must_match(const char* name, const std::string& value);  // when the training goes on
  // Goes on, if --resume says so and there is a checkpoint. Throws Stop, with exit code 2 for other options or data
  // than in the checkpoint and for checkpoints without --resume.
  void begin();
  void step();
  void save();  // now

  std::int64_t steps() const { return steps_; }
  bool active() const { return checkpoint_.has_value(); }
  const gradus::train::Resumed& resumed() const { return resumed_; }
  std::string newest() const { return checkpoint_->newest(); }

 private:
  const TrainOptions& o_;
  std::optional<gradus::train::Checkpointer> checkpoint_;
  gradus::train::Resumed resumed_;
  std::int64_t steps_ = 0;
};

}  // namespace gradus::tool

// Checkpoints: a training that was stopped at any step goes on to the same bits as if it had not been.
//
//   auto batches = data::batches(train, {.size = 32, .shuffle = true});
//   train::Checkpointer checkpoint(net, opt, schedule, batches, {.dir = "run", .every = 100});
//   checkpoint.resume();                      // from the newest checkpoint in run, if there is one
//   while (batches.epoch() < 10) {
//     for (auto [x, y] : batches) {
//       …  opt.step(); schedule.step();
//       checkpoint.step();                    // last: saves each 100th time
//     }
//     checkpoint.best(validation_loss());     // keeps the best one, too
//   }
//
// A checkpoint is one safetensors file: run/step-000000300.safetensors. It holds the parameters and buffers of the net
// ("net.fc1.weight"), the state of the optimizer by parameter ("opt.fc1.weight.exp_avg"), of the schedule and of the
// batches, the seed and counter of default_generator(), the step and the best value. Its metadata say what must be
// the same when the training goes on.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gradus/train/part.hpp>

namespace gradus::train {

struct CheckpointFile;
using Words = std::map<std::string, std::string>;  ///< what must be the same when a training goes on, by name

struct CheckpointOptions {
  std::string dir = {};      ///< a folder of this training's own; made if it is missing
  std::int64_t every = 100;  ///< steps from one checkpoint to the next; 0: only save() makes one
  std::int64_t keep = 3;     ///< how many of the newest stay; the best one stays, too
  bool maximize = false;     ///< is the value that best() is told a score, where large is good?
};

/// What resume() has found.
struct Resumed {
  std::int64_t step = 0;                  ///< the training goes on after this one; 0: from the start
  std::string file = {};                  ///< that was loaded; "": there was none
  std::vector<std::string> damaged = {};  ///< newer files that could not be used, and why: "run/step-…: is truncated"
  /// whether there was one
  explicit operator bool() const { return !file.empty(); }
};

/// Saves a training each so many steps, and lets it go on. The parts are an optimizer, its net, its schedule, the
/// batches, in any order; add() takes others. They must outlive the Checkpointer and stay where they are.
///
/// A file appears under its name when it is complete and on the disk, whatever stops the program. Older ones are
/// removed after that. A folder belongs to one training: one that has checkpoints is an error unless resume() is called
/// first.
class Checkpointer {
 public:
  /// For two parts, …
  Checkpointer(Part a, Part b, CheckpointOptions options, Loc where = Loc::current());
  /// … three …
  Checkpointer(Part a, Part b, Part c, CheckpointOptions options, Loc where = Loc::current());
  /// … or four. The folder is made, and one that cannot be written is an error at once.
  Checkpointer(Part a, Part b, Part c, Part d, CheckpointOptions options, Loc where = Loc::current());

  /// Another part, before resume() and the first step: add("critic", critic). A second net, optimizer or schedule, an
  /// average of a net, a plateau, a number of your own.
  void add(std::string name, Part part, Loc where = Loc::current());
  /// A word that must be the same when the training goes on: must_match("augmentation", "flip").
  void must_match(std::string name, std::string value, Loc where = Loc::current());

  /// Goes on from the newest checkpoint that is whole; without one, nothing happens. Call it before the first step. A
  /// damaged file is passed over, and returned. If all are damaged, if net, optimizer, data or what must match differ,
  /// this is an error that names what differs, and nothing has changed.
  Resumed resume(Loc where = Loc::current());

  /// Counts a step, and saves each `every` of them. True if it has saved. Call it as the last of a step, when gradients
  /// are of no further use: they are not kept.
  bool step(Loc where = Loc::current());
  /// Saves now, whatever `every` says.
  void save(Loc where = Loc::current());
  /// Tells the value of a measure. If it is the best so far, "best.safetensors" is written, and true returned. NaN is
  /// never the best.
  bool best(double value, Loc where = Loc::current());

  std::string newest() const;                   ///< the file that resume() tries first; "" if there is none
  std::int64_t count() const { return step_; }  ///< how often step() has been called, in all runs
  std::optional<double> best_value() const { return best_; }     ///< that best() was told
  const CheckpointOptions& options() const { return options_; }  ///< as given

 private:
  struct Named {
    std::string name;
    Part part;
    Traits traits;  ///< when it was added, which is before training
  };
  Checkpointer(std::vector<Part> parts, CheckpointOptions options, Loc where);
  void begin(Loc where);
  void check_new(const char* operation, Loc where) const;
  void write(const std::string& file, std::optional<double> best, Loc where) const;
  StateDict contents(std::optional<double> best) const;
  void remove_old() const;
  void check_words(const std::string& file, const Words& saved, Loc where) const;
  void load(const std::string& file, const CheckpointFile& checkpoint, Loc where);

  CheckpointOptions options_;
  std::vector<Named> parts_;
  Traits words_;        ///< of must_match()
  bool begun_ = false;  ///< has it resumed, stepped or saved?
  std::int64_t step_ = 0;
  std::optional<double> best_;
};

}  // namespace gradus::train

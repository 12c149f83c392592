// Reading a run log (src/train/RUN_LOG.md): what a training did, step by step.
//
//   const train::run_log::File file = train::read_run("run.jsonl");
//   for (const train::run_log::Step& s : file.steps) std::printf("%lld %g\n", (long long)s.step, s.loss);
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gradus/error.hpp>
#include <gradus/train/monitor.hpp>

namespace gradus::train {

/// The lines of a run log. The members are those of RUN_LOG.md; a number that was not measured is NaN.
namespace run_log {

/// Texts by name, in order.
using Texts = std::vector<std::pair<std::string, std::string>>;

/// A line of the program that ran.
struct Place {
  std::string file = {};  ///< as the compiler was given it; "": not known
  std::int64_t line = 0;  ///< from 1
};

/// One module of the network, or one of its tensors.
struct Part {
  std::string name = {}, type = {};  ///< "encoder.fc1", "Linear"; of a tensor: its name and its shape, "[32, 10]"
  std::string details = {};          ///< "784 -> 32"; of a tensor that is not trained: "fixed"
};

/// The first line of a log.
struct Start {
  int version = 0;                                              ///< of the format
  std::string library = {}, program = {}, isa = {}, blas = {};  ///< of Gradus; the path of the program
  std::int64_t time = 0, threads = 0, batch = 0;                ///< seconds since 1970; 0: not told
  std::int64_t epochs = 0, batches = 0, every = 0;              ///< as planned; 0: not known
  std::uint64_t seed = 0;                                       ///< of the default generator
  std::string net = {}, optimizer = {};                         ///< their types
  std::int64_t parameters = 0;                                  ///< how many numbers
  std::vector<Part> layers = {}, tensors = {};                  ///< of the network
  std::vector<Texts> groups = {};                               ///< options of the optimizer, as JSON
  Texts settings = {};                                          ///< of the user
  /// All of this that can differ between two runs of a program, by name: "seed", "optimizer.lr", "data".
  Texts all_settings() const;
};

/// Norms of one parameter.
struct ParameterSample {
  std::size_t name = 0;                     ///< in File::names
  double grad_norm = Progress::unknown;     ///< before clipping
  double norm = Progress::unknown;          ///< of the weights
  double update_ratio = Progress::unknown;  ///< norm of the update / norm
};
/// Dead or saturated units of one layer.
struct UnitSample {
  std::size_t name = 0;                                            ///< in File::names
  double dead = Progress::unknown, saturated = Progress::unknown;  ///< shares
};
/// What was measured at some steps.
struct Sample {
  double grad_norm = Progress::unknown;          ///< of all parameters together
  double update_ratio = Progress::unknown;       ///< likewise
  double items_per_second = Progress::unknown;   ///< since the sample before
  bool clipped = false;                          ///< a gradient was scaled before the step
  std::vector<ParameterSample> parameters = {};  ///< of each
  std::vector<UnitSample> units = {};            ///< of each activation
};
/// An optimizer step.
struct Step {
  std::int64_t step = 0, epoch = 0;             ///< from 1
  double loss = Progress::unknown;              ///< of the batch
  double accuracy = Progress::unknown, lr = 0;  ///< likewise; of the first group
  std::uint64_t batch = 0;                      ///< a hash of the targets of the batch; 0: not told
  std::shared_ptr<const Metrics> metrics = {};  ///< of the user, or null
  std::shared_ptr<const Sample> sample = {};    ///< or null
};
/// The end of an epoch.
struct Epoch {
  std::int64_t epoch = 0, step = 0, items = 0;  ///< from 1; the steps so far
  double loss = Progress::unknown;              ///< means over the items, while it learnt
  double accuracy = Progress::unknown;          ///< likewise
  double lr = 0, seconds = 0;                   ///< of the last step; of this epoch
  Metrics metrics = {};                         ///< "val_loss", "val_accuracy" and others
  std::vector<UnitSample> units = {};           ///< over all sampled batches
};
/// An activation whose units are counted.
struct Layer {
  std::string layer = {}, op = {};  ///< "1.relu"
  std::int64_t units = 0;           ///< how many
  Place loc = {};                   ///< of its call
};
/// A fault of the training, with what shows it.
struct Diagnosis {
  std::int64_t step = 0;                   ///< when it was seen
  std::string code = {}, layer = {};       ///< "VANISHING"; "" if it is of no single layer
  std::string evidence = {}, advice = {};  ///< sentences
  Metrics numbers = {};                    ///< the evidence as numbers
  Place loc = {};                          ///< if it is known
};
/// A remark.
struct Text {
  std::int64_t step = 0;             ///< when
  std::string name = {}, text = {};  ///< what
};
/// Which classes are taken for which.
struct Confusion {
  std::int64_t step = 0;                               ///< when it was counted
  std::vector<std::string> classes = {};               ///< their names
  std::vector<std::vector<std::int64_t>> counts = {};  ///< counts[true class][answer]
};
/// An example with a high loss.
struct Example {
  std::int64_t index = 0;              ///< in the data
  std::string truth = {}, guess = {};  ///< names of classes, or numbers
  double loss = Progress::unknown;     ///< of this example
  double sure = Progress::unknown;     ///< the probability of the guess
  std::string picture = {};            ///< a PNG file in base 64, or ""
  std::vector<double> numbers = {};    ///< the first numbers of its row, where there is no picture
};
/// The training went on after a checkpoint.
struct Resume {
  std::int64_t step = 0, epoch = 0, time = 0;  ///< what was done by then; seconds since 1970
};
/// The last line of a run that ended as it should.
struct End {
  std::int64_t steps = 0, epochs = 0;  ///< in all
  double seconds = 0;                  ///< since the start, or since it went on
  bool ok = true;                      ///< false: an exception was under way
};

/// What read_run() found. Reading stops at the first line that is damaged; what comes before it is here.
struct File {
  std::string path = {};                     ///< as it was given
  Start start = {};                          ///< the first line
  std::vector<std::string> names = {};       ///< of parameters and layers in samples
  std::vector<Step> steps = {};              ///< in the order of the file, and so are the others
  std::vector<Epoch> epochs = {};            ///< …
  std::vector<Layer> layers = {};            ///< …
  std::vector<Diagnosis> diagnoses = {};     ///< …
  std::vector<Text> texts = {};              ///< …
  std::vector<Resume> resumes = {};          ///< …
  std::optional<Confusion> confusion = {};   ///< the last one
  std::vector<Example> worst = {};           ///< of the last `worst`
  std::optional<End> end = {};               ///< none: the program was stopped, or still runs
  std::size_t unknown = 0, last_line = 0;    ///< events of a kind that is not known; the last line that was read
  std::string broken = {};                   ///< why reading stopped before the end of the file, or ""
  std::vector<std::string> remarks() const;  ///< sentences for the user about what is missing
};

}  // namespace run_log

/// Reads a run log. Throws an Error if the file cannot be read, is not a regular file, does not begin as a run log
/// does, or has a newer version. What the file asks for in memory stays in proportion to its size: a line of more than
/// 64 MiB, or one nested more than 16 deep, is damaged.
run_log::File read_run(const std::string& path, Loc where = Loc::current());
/// The same from the bytes of a log. `name` stands for the path in messages.
run_log::File parse_run(std::string_view bytes, const std::string& name, Loc where = Loc::current());

}  // namespace gradus::train

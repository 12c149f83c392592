// gradus train: a network, an optimizer and a data set, each named on the command line.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "command.hpp"
#include "data.hpp"
#include "interrupt.hpp"
#include "nets.hpp"
#include "opts.hpp"
#include "progress.hpp"
#include "runlog.hpp"
#include "spec.hpp"

namespace gradus::tool {
namespace {

struct TrainOptions : DataOptions {
  std::string net = "", opt = "adamw:lr=1e-3";
  std::int64_t epochs = 12, batch = 32;
  std::uint64_t seed = 1;
  std::string save, log;
  bool summary = false, quiet = false;
};

using Clock = std::chrono::steady_clock;
double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

// Sums over the batches of an epoch.
struct Tally {
  double examples = 0, loss = 0, correct = 0;
  void add(double batch, double mean_loss, double right) {
    examples += batch, loss += batch * mean_loss, correct += right;
  }
  double mean_loss() const { return loss / examples; }
  double accuracy() const { return correct / examples; }
};

class Training {
 public:
  explicit Training(const TrainOptions& options) : o_(options) {}
  Exit run();

 private:
  void prepare(const NetSpec& net_spec);
  void announce() const;
  bool epoch(std::int64_t number, Progress& progress, const Interrupt& interrupt);
  double step(const Tensor& x, const Tensor& y, Tally& tally);
  [[noreturn]] void diverged(double loss) const;
  void save(std::int64_t epochs) const;
  Exit stopped() const;
  Exit done(double seconds) const;

  const TrainOptions o_;
  Task task_;
  nn::Sequential net_;
  std::optional<AnyOptimizer> optimizer_;
  std::optional<RunLog> log_;
  std::int64_t epoch_ = 0, steps_ = 0;
  double test_accuracy_ = 0;
};

// What cannot work is found before any work is done.
void check_place(const std::string& path) {
  if (path.empty()) return;
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(path).has_parent_path() ? fs::path(path).parent_path() : ".";
  if (fs::is_directory(path)) throw Stop(file_trouble, fmt::format("--save {}: is a directory", path));
  if (access(folder.c_str(), W_OK) != 0) {
    throw Stop(file_trouble, fmt::format("--save {}: {}: {}", path, folder.string(), std::strerror(errno)));
  }
}

void Training::prepare(const NetSpec& spec) {
  if (spec.for_images && !task_.image) {
    throw Stop(usage, fmt::format("--net {}: needs images, and the examples of {} are {} numbers in a row; try --net mlp",
                                  spec.text, task_.name, task_.features()));
  }
  if (o_.batch > task_.train.size()) {
    throw Stop(usage, fmt::format("--batch {}: {} has {} training examples; at most that, or 0 for all at once",
                                  o_.batch, task_.name, task_.train.size()));
  }
  const Shape input = spec.for_images ? *task_.image : Shape{task_.features()};
  for (data::Dataset* part : {&task_.train, &task_.test}) {
    Shape shape = input;
    shape.insert(0, part->size());
    part->x = part->x.reshape(shape);
  }
  manual_seed(o_.seed);
  net_ = spec.make(input, task_.classes);
  if (task_.standardize) net_ = nn::Sequential(Standardize(task_.train.x), std::move(net_));
}

}  // namespace
}  // namespace gradus::tool

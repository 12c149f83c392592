#include "train/training.hpp"

#include <fmt/format.h>

#include <cmath>

#include "cli/spec.hpp"

namespace gradus::tool {
namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

std::string grouped(std::int64_t n) {  // 60,000
  std::string text = std::to_string(n);
  for (auto i = std::ssize(text) - 3; i > 0; i -= 3) text.insert(static_cast<std::size_t>(i), 1, ',');
  return text;
}

}  // namespace

// Sums over the batches of an epoch.
struct Training::Tally {
  std::int64_t examples = 0;
  double loss = 0, right = 0;
  void add(std::int64_t count, double mean_loss, double accuracy) {
    const auto n = static_cast<double>(count);
    examples += count, loss += n * mean_loss, right += n * accuracy;
  }
  double mean_loss() const { return loss / static_cast<double>(examples); }
  double accuracy() const { return right / static_cast<double>(examples); }
};

Training::Training(const TrainOptions& options, Task task, nn::Sequential net, optim::AnyOptimizer optimizer,
                   MakeSchedule schedule)
    : o_(options),
      task_(std::move(task)),
      net_(std::move(net)),
      optimizer_(std::move(optimizer)),
      schedule_(optimizer_.base(), schedule(optimizer_.base().lr(), o_.epochs * batches().size())),
      log_(options.log) {}

Exit Training::run() {
  announce();
  const auto begin = Clock::now();
  return epochs() ? finished(since(begin)) : stopped();
}

bool Training::epochs() {
  const Interrupt interrupt;
  Progress progress(o_.epochs, task_.train.size(), o_.quiet);
  while (epoch_ < o_.epochs) {
    if (!epoch(progress, interrupt)) return false;
  }
  return true;
}

data::Batches Training::batches() const { return data::batches(task_.train, {.size = o_.batch, .shuffle = true}); }

bool Training::epoch(Progress& progress, const Interrupt& interrupt) {
  const auto begin = Clock::now();
  Tally tally;
  progress.begin(++epoch_);
  for (const auto& [x, y] : batches()) {
    step(x, y, tally);
    progress.update(tally.examples, tally.mean_loss(), tally.accuracy());
    if (interrupt.requested()) return false;
  }
  test_accuracy_ = accuracy(net_, task_.test);
  const EpochResult result{.epoch = epoch_,
                           .step = steps_,
                           .loss = tally.mean_loss(),
                           .train_accuracy = tally.accuracy(),
                           .test_accuracy = test_accuracy_,
                           .seconds = since(begin),
                           .lr = lr_};
  log_.add(result);
  progress.finish(result);
  return true;
}

// One step of the optimizer on one batch.
void Training::step(const Tensor& x, const Tensor& y, Tally& tally) {
  Tensor answers;  // before the step
  lr_ = optimizer_.base().lr();
  const double loss = optimizer_.step([&] {
    const Tensor logits = net_(x);
    if (!answers.defined()) answers = logits.detach();
    return cross_entropy(logits, y);
  });
  check(loss);
  schedule_.step();
  ++steps_;
  tally.add(y.numel(), loss, eq(argmax(answers, 1), y).to(f32).mean().item());
}

void Training::check(double loss) const {
  if (std::isfinite(loss)) return;
  throw Stop(failed,
             fmt::format("the loss became {} in epoch {}, step {}: training failed and nothing was saved\n"
                         "  try: a smaller learning rate, --opt {}:lr={:.2g}",
                         std::isnan(loss) ? "NaN" : "infinite", epoch_, steps_ + 1, parse_spec(o_.opt).name, lr_ / 10));
}

void Training::announce() {
  if (o_.summary) {
    Shape one = task_.train.x.shape();
    one[0] = 1;
    nn::print(net_, one);
    fmt::print("\n");
  }
  if (o_.quiet) return;
  fmt::print("data  {}: {} training and {} test examples of {} classes\n", task_.name, grouped(task_.train.size()),
             grouped(task_.test.size()), grouped(task_.classes));
  fmt::print("net   {}: {} parameters\n", o_.net, grouped(net_.parameter_count()));
  fmt::print("opt   {}, {} rate, batch {}, seed {}\n\n", o_.opt, o_.schedule, o_.batch, o_.seed);
  std::fflush(stdout);
}

Exit Training::finished(double seconds) const {
  const auto n = task_.test.size();
  if (!o_.quiet) fmt::print("\n{} epochs in {}\n", o_.epochs, duration(seconds));
  fmt::print("test accuracy {:.2f} % ({} of {})\n", 100 * test_accuracy_, std::llround(test_accuracy_ * n), n);
  if (save()) fmt::print("model {}\n", o_.save);
  if (!o_.log.empty()) fmt::print("log   {}: {}\n", o_.log, RunLog::columns);
  return success;
}

Exit Training::stopped() const {
  fmt::print("interrupted in epoch {} of {}, after {} steps\n", epoch_, o_.epochs, steps_);
  if (save())
    fmt::print("model {}, as it was then\n", o_.save);
  else
    fmt::print("nothing was saved: there was no --save\n");
  return interrupted;
}

bool Training::save() const {
  if (o_.save.empty()) return false;
  const auto text = [](const auto& value) { return fmt::format("{}", value); };
  Shape input = task_.train.x.shape();
  input.erase(0);
  io::save(o_.save, net_.state_dict(),
           {{"gradus", GRADUS_VERSION},
            {"net", o_.net},
            {"data", task_.name},
            {"input", to_string(input)},
            {"classes", text(task_.classes)},
            {"class_names", fmt::format("{}", fmt::join(task_.class_names, "\n"))},
            {"opt", o_.opt},
            {"schedule", o_.schedule},
            {"batch", text(o_.batch)},
            {"seed", text(o_.seed)},
            {"steps", text(steps_)}});
  return true;
}

}  // namespace gradus::tool

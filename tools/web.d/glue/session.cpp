// The loop of the programs in program.cpp, one step at a time.
#include "session.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace gradus::web {
namespace {

struct LossKind {
  const char *name, *code;
  bool classes;
  Tensor (*make)(const Tensor& output, const Tensor& target);
};

Tensor column(const Tensor& y) { return y.to(f32).reshape({-1, 1}); }

constexpr LossKind losses[] = {
    {"cross_entropy", "cross_entropy(net(x), y)", true,
     [](const Tensor& o, const Tensor& y) { return cross_entropy(o, y); }},
    {"smoothed", "cross_entropy(net(x), y, {.label_smoothing = 0.1})", true,
     [](const Tensor& o, const Tensor& y) { return cross_entropy(o, y, {.label_smoothing = 0.1}); }},
    {"mse", "mse_loss(net(x), y.reshape({-1, 1}))", false,
     [](const Tensor& o, const Tensor& y) { return mse_loss(o, column(y)); }},
    {"l1", "l1_loss(net(x), y.reshape({-1, 1}))", false,
     [](const Tensor& o, const Tensor& y) { return l1_loss(o, column(y)); }},
    {"huber", "huber_loss(net(x), y.reshape({-1, 1}))", false,
     [](const Tensor& o, const Tensor& y) { return huber_loss(o, column(y)); }},
};

const LossKind& loss_kind(const std::string& name) {
  for (const LossKind& kind : losses) {
    if (name == kind.name) return kind;
  }
  throw Error("playground", {.wrong = "the loss is unknown", .got = fmt::format("'{}'", name)});
}

constexpr std::size_t most_snapshots = 120;

}  // namespace

std::string loss_code(const std::string& name) { return loss_kind(name).code; }
bool loss_fits(const std::string& name, bool classes) { return loss_kind(name).classes == classes; }

// One example has no variance, so batch norm cannot take what is left of an epoch.
data::BatchOptions batch_options(const Spec& spec) {
  return {.size = spec.training.batch, .shuffle = true, .drop_last = spec.net.norm == "batch"};
}

Session::Session(Spec spec) : spec_(std::move(spec)) {
  manual_seed(spec_.data.seed);
  data_ = make_data(spec_.data);
  if (!loss_fits(spec_.training.loss, data_.classes)) spec_.training.loss = data_.classes ? "cross_entropy" : "mse";
  network_ =
      std::make_unique<Network>(spec_.net, data_.inputs, data_.outputs, data_.standardize ? data_.train.x : Tensor());
  make_training();
  remember();
}

void Session::make_training() {
  const TrainingSpec& t = spec_.training;
  const OptimizerKind& kind = optimizer_kind(t.optimizer);
  constexpr std::int64_t most_for_hessian = 400;
  if (t.optimizer == "newton" && network_->net.parameter_count() > most_for_hessian) {
    throw Error("playground", {.wrong = "the Hessian of this network is too large for a page",
                               .got = fmt::format("{} parameters", network_->net.parameter_count()),
                               .expected = fmt::format("up to {} for Newton's method", most_for_hessian),
                               .advice = "take newton_cg, which needs no Hessian"});
  }
  if (t.clip > 0 && kind.step == StepCall::loss) {
    throw Error("playground",
                {.wrong = "this optimizer looks at the curvature of the loss: gradients cannot be clipped",
                 .got = t.optimizer,
                 .advice = "set clipping to 0"});
  }
  auto optimizer = std::make_unique<optim::AnyOptimizer>(kind.make(network_->net.named_parameters(), t.options));
  std::unique_ptr<optim::Scheduler> schedule;
  if (t.schedule != "none") {
    schedule =
        std::make_unique<optim::Scheduler>(optimizer->base(), schedule_kind(t.schedule).make(t.schedule_options));
  }
  monitor_.reset();
  schedule_ = std::move(schedule);
  optimizer_ = std::move(optimizer);
  batches_ = std::make_unique<data::Batches>(data::batches(data_.train, batch_options(spec_)));
  at_.reset();
  monitor_ = std::make_unique<train::Monitor>(network_->net, *optimizer_, train::MonitorOptions{.every = 20});
}

void Session::retrain(const TrainingSpec& training) {
  const TrainingSpec before = spec_.training;
  spec_.training = training;
  if (!loss_fits(training.loss, data_.classes)) spec_.training.loss = before.loss;
  try {
    make_training();
  } catch (...) {
    spec_.training = before;
    throw;
  }
  changed_ = changed_ || step_ > 0;
}

data::Dataset Session::next_batch() {
  if (!at_ || *at_ == batches_->end()) at_.emplace(batches_->begin());
  data::Dataset batch = **at_;
  ++*at_;
  return batch;
}

Tensor Session::loss(const Tensor& output, const Tensor& target) const {
  return loss_kind(spec_.training.loss).make(output, target);
}

void Session::step() {
  const bool epoch_begins = !at_ || *at_ == batches_->end();
  const data::Dataset batch = next_batch();
  network_->net.train();
  Tensor output;
  const auto clip = [&] { optim::clip_grad_norm(network_->net, spec_.training.clip); };
  loss_ = optimizer_->step(
      [&] {
        output = network_->net(batch.x);
        return loss(output, batch.y);
      },
      spec_.training.clip > 0 ? std::function<void()>(clip) : nullptr);
  if (schedule_) schedule_->step();
  ++step_;
  const bool new_rows = batches_->epoch() < 2;  // then all have been seen
  monitor_->step(
      loss_, {.output = data_.classes ? output : Tensor(), .target = batch.y, .input = new_rows ? batch.x : Tensor()});
  if (epoch_begins && step_ > 1) monitor_->end_epoch({{"val_loss", loss_of(data_.test)}});
  if (step_ % snapshot_every_ == 0) remember();
  if (!std::isfinite(loss_)) explain_nonfinite(batch);
}

void Session::explain_nonfinite(const data::Dataset& batch) {
  const study::NonfiniteGuard guard;
  Tape tape;
  tape.backward(loss(network_->net(batch.x), batch.y));
  throw Error("playground", {.wrong = "the loss is not finite",
                             .got = fmt::format("{}", loss_),
                             .advice = "take a smaller learning rate, and restart"});
}

void Session::remember() {
  constexpr std::int64_t most_numbers = 20'000;
  if (network_->net.parameter_count() > most_numbers) return;
  path_.push_back(study::snapshot(network_->net));
  if (path_.size() < most_snapshots) return;
  std::vector<Tensor> half;  // every other one, from now on twice as rarely
  for (std::size_t i = 0; i < path_.size(); i += 2) half.push_back(path_[i]);
  path_ = std::move(half);
  snapshot_every_ *= 2;
}

void Session::restored() {
  changed_ = true;
  path_.clear();
  remember();
}

double Session::loss_of(const data::Dataset& part) {
  const nn::Evaluating evaluating;
  return loss(network_->net(part.x), part.y).item();
}

double Session::accuracy_of(const data::Dataset& part) {
  if (!data_.classes) return std::numeric_limits<double>::quiet_NaN();
  return accuracy(network_->net, part);
}

}  // namespace gradus::web

// The loop over a text.
#include "train/text/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/print.hpp"
#include "cli/spec.hpp"
#include "train/averaged.hpp"
#include "train/watch.hpp"

namespace gradus::tool {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

constexpr std::int64_t reports = 10;       // in a run
constexpr std::int64_t test_batches = 20;  // for the reports before the last

template <class F>
auto with(TextNet& net, F&& f) {
  return std::visit(std::forward<F>(f), net);
}

}  // namespace

TextRun::TextRun(const TrainOptions& options, TextSource source, data::Tokenizer tokenizer, data::WindowSplit text,
                 TextNet net, const MakeOptimizer& make_optimizer, MakeSchedule schedule)
    : o_(options),
      name_(std::move(source.name)),
      tokenizer_(std::move(tokenizer)),
      text_(std::move(text)),
      net_(std::move(net)),
      optimizer_(with(net_, [&](const auto& n) { return make_optimizer.of_named(n.named_parameters()); })),
      schedule_(optimizer_.base(), schedule(optimizer_.base().lr(), *o_.steps)),
      every_(std::max<std::int64_t>(1, *o_.steps / reports)),
      keeper_(o_, this->net(), optimizer_, schedule_),
      log_((check_save(), o_.logs_events() ? "" : o_.log), "step,loss,test_loss,seconds,lr", resume(source.checksum)),
      monitor_(make_monitor()) {}

nn::ModuleBase& TextRun::net() {
  return std::visit([](auto& net) -> nn::ModuleBase& { return net; }, net_);
}

// Goes on, if asked to; returns how many steps are done. The windows are a function of the step.
std::int64_t TextRun::resume(const std::string& text) {
  keeper_.must_match("--data", "a text");
  keeper_.must_match("text", text);
  keeper_.must_match("--tokenizer", o_.tokenizer);
  keeper_.must_match("--clip", fmt::format("{}", o_.clip));
  // Other schedules than a constant one stretch over all steps.
  if (o_.schedule != "constant") keeper_.must_match("--steps", std::to_string(*o_.steps));
  keeper_.add("loss", sum_);
  keeper_.add("summed", summed_);
  keeper_.add("seconds", seconds_);
  keeper_.add("test_loss", test_);
  keeper_.begin();
  return keeper_.steps();
}

std::unique_ptr<gradus::train::Monitor> TextRun::make_monitor() {
  if (o_.quiet && !o_.logs_events() && o_.tensorboard.empty()) return nullptr;
  return tool::make_monitor(o_, name_, net(), optimizer_,
                            {.epochs = (*o_.steps + every_ - 1) / every_,  // the monitor's epoch: up to the next report
                             .batches = every_,
                             .step_before = keeper_.steps(),
                             .epoch_before = keeper_.steps() / every_,
                             .every = std::clamp<std::int64_t>(*o_.steps / 50, 10, 100)});
}

Tensor TextRun::logits_of(const Tensor& x) {
  return flatten(with(net_, [&](auto& net) -> Tensor { return net(x); }), 0, 1);
}

Tensor TextRun::loss_of(const data::Dataset& batch) { return cross_entropy(logits_of(batch.x), flatten(batch.y)); }

Exit TextRun::run() {
  announce();
  begin_ = Clock::now() - std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds_));
  const gradus::train::Interrupt interrupt;
  auto shown = Clock::now();
  while (keeper_.steps() < *o_.steps) {
    step();
    const std::int64_t done = keeper_.steps() + 1;
    seconds_ = since(begin_);
    if (done % every_ == 0 || done == *o_.steps) {
      report(done);  // before the checkpoint, which then has its numbers
    } else if (since(shown) >= 0.2) {
      shown = Clock::now();
      live(done);
    }
    keeper_.step();
    if (const int signal = interrupt.signal()) return stopped(signal);
  }
  return finished();
}

Exit TextRun::find_lr() {
  std::vector<data::Dataset> batches;
  for (std::int64_t i = 0; i < gradus::train::FindLrOptions{}.steps; ++i) batches.push_back(text_.train.batch(i));
  const auto loss = [&](nn::ModuleBase&, const data::Dataset& batch) { return loss_of(batch); };
  const auto found = gradus::train::find_lr(net(), optimizer_, batches, loss);
  print("{}", found.text());
  print("\ntry: --opt {}:lr={:.2g}\n", parse_spec(o_.opt).name, found.suggested);
  return success;
}

void TextRun::step() {
  const data::Dataset batch = text_.train.batch(keeper_.steps());
  const Tensor target = flatten(batch.y);
  Tensor answers;  // before the step
  const auto objective = [&] {
    const Tensor logits = logits_of(batch.x);
    if (monitor_ && !answers.defined()) answers = logits.detach();
    return cross_entropy(logits, target);
  };
  const auto clip = [&] {
    if (o_.clip > 0) optim::clip_grad_norm(optimizer_.base().parameters(), o_.clip);
  };
  const double loss = optimizer_.step(objective, clip);
  if (monitor_) monitor_->step(loss, {.output = answers, .target = target});
  if (!std::isfinite(loss))
    throw Stop(failed, fmt::format("the loss became {} in step {}: training failed and nothing was saved\n"
                                   "  try: a smaller learning rate, --opt {}:lr={:.2g}",
                                   std::isnan(loss) ? "NaN" : "infinite", keeper_.steps() + 1, parse_spec(o_.opt).name,
                                   optimizer_.base().lr() / 10));
  schedule_.step();
  sum_ += loss;
  ++summed_;
}

double TextRun::test_loss(std::int64_t batches) {
  const nn::Evaluating evaluating;
  const gradus::train::Averaged learned(optimizer_.base());
  const std::int64_t all = text_.test.batches(), count = std::min(batches, all);
  double sum = 0, tokens = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const data::Dataset batch = text_.test.in_order(i * all / count);
    const auto n = static_cast<double>(batch.y.numel());
    sum += n * loss_of(batch).item();
    tokens += n;
  }
  return sum / tokens;
}

void TextRun::announce() const {
  if (o_.quiet) return;
  std::int64_t parameters = 0;
  for (const auto& [name, value] : state()) parameters += value.numel();
  print("data  {}: {} training and {} test tokens of {}\n", name_, grouped(text_.train.size()),
        grouped(text_.test.size()), tokenizer_.describe());
  print("net   {}: {} parameters\n", o_.net, grouped(parameters));
  print("opt   {}, {} rate, batch {}, seed {}\n", o_.opt, o_.schedule, o_.batch, o_.seed);
  if (keeper_.resumed()) print("from  {}: {} steps\n", keeper_.resumed().file, keeper_.steps());
  print("\n");
  flush_out();
}

void TextRun::live(std::int64_t done) const {
  if (o_.quiet || !terminal_.live) return;
  const double left = seconds_ / static_cast<double>(done) * static_cast<double>(*o_.steps - done);
  print("\rstep {}/{}  loss {:.4f}  ETA {}\x1b[K", done, *o_.steps, sum_ / static_cast<double>(summed_),
        duration(left));
  flush_out();
}

void TextRun::report(std::int64_t done) {
  const double loss = sum_ / static_cast<double>(summed_);
  test_ = test_loss(done < *o_.steps ? test_batches : text_.test.batches());
  seconds_ = since(begin_);
  if (!o_.quiet)
    print("{}step {:>{}}/{}  loss {:.4f}  test {:.4f}  {}\n", terminal_.live ? "\r\x1b[K" : "", done,
          std::to_string(*o_.steps).size(), *o_.steps, loss, test_, duration(seconds_));
  flush_out();
  log_.add(fmt::format("{},{},{},{:.3f},{}", done, loss, test_, seconds_, optimizer_.base().lr()));
  if (monitor_) monitor_->end_epoch({{"val_loss", test_}});
  sum_ = 0;
  summed_ = 0;
}

Exit TextRun::finished() {
  if (!o_.quiet) print("\n{} steps in {}\n", keeper_.steps(), duration(seconds_));
  print_diagnoses(o_, monitor_.get());
  print("test loss {:.4f} a token ({} tokens)\n", test_, grouped((text_.test.size() - 1)));
  if (save()) print("model {}\n", o_.save);
  keeper_.save();
  print_files(o_, monitor_.get());
  return success;
}

Exit TextRun::stopped(int signal) {
  const bool saved = save();
  keeper_.save();
  print("interrupted after {} of {} steps\n", keeper_.steps(), *o_.steps);
  if (saved) print("model {}, as it was then\n", o_.save);
  if (keeper_.active()) print("state {}: --resume goes on from there\n", keeper_.newest());
  if (!saved && !keeper_.active()) print("nothing was saved: there was neither --save nor --checkpoint\n");
  return ended_by(signal);
}

StateDict TextRun::state() const {
  return std::visit([](const auto& net) { return net.state_dict(); }, net_);
}

io::Metadata TextRun::metadata() const {
  const auto text = [](const auto& value) { return fmt::format("{}", value); };
  return {{"gradus", GRADUS_VERSION},          {"task", "text"},        {"net", o_.net},
          {"tokenizer", tokenizer_.to_json()}, {"opt", o_.opt},         {"schedule", o_.schedule},
          {"batch", text(o_.batch)},           {"seed", text(o_.seed)}, {"steps", text(keeper_.steps())}};
}

// That a model cannot be saved should be known before it is trained.
void TextRun::check_save() const {
  if (o_.save.empty()) return;
  try {
    io::check_save(o_.save, state(), metadata());
  } catch (const Error& e) { throw Stop(file_trouble, fmt::format("--save {}", e.complaint().wrong)); }
}

bool TextRun::save() {
  if (o_.save.empty()) return false;
  const gradus::train::Averaged learned(optimizer_.base());
  try {
    io::save(o_.save, state(), metadata());
  } catch (const Error& e) { throw Stop(file_trouble, fmt::format("--save {}", e.complaint().wrong)); }
  return true;
}

}  // namespace gradus::tool

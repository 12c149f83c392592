// What happens at each step of a monitored loop: sums for the epoch, a sample now and then, lines for the files.
#include <gradus/train/monitor.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

#include <gradus/tape.hpp>

#include "io/xxh64.hpp"
#include "tensor/impl.hpp"
#include "train/answers.hpp"
#include "train/diagnosis/environment.hpp"
#include "train/monitor_state.hpp"
#include "train/right.hpp"

namespace gradus::train {

namespace {

// Tells batches apart, by their targets.
std::uint64_t fingerprint(const Tensor& target) {
  const Tensor x = gradus::detail::dense(target);
  const auto bytes = static_cast<std::size_t>(x.numel() * size_of(x.dtype()));
  return io::xxh64({reinterpret_cast<const char*>(x.impl()->data), bytes});
}

}  // namespace

Monitor::State::State(const nn::ModuleBase& net, optim::OptimizerBase& optimizer,
                      std::vector<detail::OptionTexts> groups, MonitorOptions options, Loc where)
    : o(std::move(options)),
      net_text(net_json(net, where)),
      optimizer_text(optimizer_json(optimizer.type(), with_all_options(std::move(groups), optimizer))),
      place(optimizer.place()),
      kept(o.step_before > 0 ? keep_run_log(o.log, o.step_before, o.epoch_before) : KeptLog()),
      resumes_csv(o.step_before > 0 && keep_table(o.csv, csv_header(), o.step_before, o.epoch_before)),
      log(o.log, "Monitor", where, kept.there),
      csv(o.csv, "Monitor", where, resumes_csv),
      writer(o.tensorboard.empty() ? std::nullopt : std::optional<SummaryWriter>(std::in_place, o.tensorboard, where)),
      sampler(net.named_parameters(where), writer ? &*writer : nullptr) {
  if (o.live != nullptr) live.emplace(o.live);
  if (o.every < 1 || o.epochs < 0 || o.batches < 0 || o.step_before < 0 || o.epoch_before < 0)
    throw Error("Monitor",
                {.wrong = "an option is out of range",
                 .got = fmt::format("every = {}, epochs = {}, batches = {}, step_before = {}, epoch_before = {}",
                                    o.every, o.epochs, o.batches, o.step_before, o.epoch_before),
                 .expected = "every: 1 or more; the others: 0 or more"},
                where);
  steps = o.step_before;
  epochs = o.epoch_before;
  go_on();
  if (!resumes_csv) csv.write(csv_header(), now);
  briefs.reserve(most_briefs);
  begin_sample();
  if (o.diagnose) examination.emplace(place, steps, o.every);
}

// The means of an epoch are over all its steps, also those before a checkpoint.
void Monitor::State::go_on() {
  const std::int64_t w = std::max<std::int64_t>(kept.batch, 1);
  batch = kept.steps;
  items = kept.steps * kept.batch;
  weight = kept.steps * w;
  loss_sum = kept.loss * static_cast<double>(w);
  judged = kept.judged * w;
  right = kept.accuracy * static_cast<double>(w);
}

// The next step is one to be sampled: the first, and each that `every` divides.
void Monitor::State::begin_sample() {
  if (steps == o.step_before || (steps + 1) % o.every == 0) sampler.begin();
}

void Monitor::State::count(const StepData& data) {
  step.items = data.items;
  if (step.items == 0 && data.target.defined()) step.items = data.target.dim() == 0 ? 1 : data.target.size(0);
  const std::int64_t w = std::max<std::int64_t>(step.items, 1);
  items += step.items;
  items_since_sample += step.items;
  weight += w;
  loss_sum += static_cast<double>(w) * step.loss;
  if (log.is_open() && data.target.defined()) step.batch = fingerprint(data.target);
  if (const auto hits = right_answers(data.output, data.target)) {
    step.accuracy = static_cast<double>(hits->right) / static_cast<double>(hits->all);
    right += static_cast<double>(hits->right);
    judged += hits->all;
  }
}

void Monitor::State::take_sample() {
  const bool due = steps == o.step_before + 1 || steps % o.every == 0;
  if (due) sampler.end();
  // Not updated yet: the loop calls step() before the optimizer's. The sample is then told one step later.
  if (due && !sampler.any_update()) {
    pending = true;
    return;
  }
  if (!due && !std::exchange(pending, false)) return;
  pending = false;
  const double took = seconds(now - sampled_at);
  speed = items_since_sample > 0 && took > 0 ? static_cast<double>(items_since_sample) / took : Progress::unknown;
  sampled_at = now;
  items_since_sample = 0;
  sampler.report(step);
  sample = step;
  for (Sampler::Layer& l : sampler.layers()) {
    if (std::exchange(l.told, true)) continue;
    write_briefs();
    log.write(layer_line(l), now);
  }
}

Progress Monitor::State::progress() const {
  Progress p;
  const bool between =
      batch == 0 && epochs > o.epoch_before;  // an epoch has ended, and no step of the next one was taken
  p.epoch = between ? epochs : epochs + 1;
  p.epochs = o.epochs;
  p.batches = o.batches;
  p.batch = between ? o.batches : batch;
  p.loss = between ? epoch.loss : epoch_mean(loss_sum);
  p.losses = history.means;
  if (between)
    p.score = epoch.accuracy;
  else if (judged > 0)
    p.score = right / static_cast<double>(judged);
  p.grad_norm = sample.grad_norm;
  p.update_ratio = sample.update_ratio;
  p.lr = step.lr;
  const double took = seconds(now - epoch_begun);
  if (items > 0 && took > 0) p.items_per_second = static_cast<double>(items) / took;
  const std::int64_t all = o.epochs * o.batches;
  if (all > 0 && steps > o.step_before) {
    const double each = seconds(now - begun) / static_cast<double>(steps - o.step_before);
    p.seconds_left = each * static_cast<double>(std::max<std::int64_t>(all - steps, 0));
  }
  return p;
}

void Monitor::State::show_epoch() {
  const auto digits = static_cast<int>(std::to_string(o.epochs).size());
  std::string line = o.epochs > 0 ? fmt::format("epoch {:>{}}/{}", epoch.epoch, digits, o.epochs)
                                  : fmt::format("epoch {}", epoch.epoch);
  line += fmt::format("  loss {:.4g}", epoch.loss);
  if (!std::isnan(epoch.accuracy)) line += fmt::format("  accuracy {:.2f} %", 100 * epoch.accuracy);
  for (const auto& [name, value] : epoch.metrics) {
    if (name.ends_with("accuracy"))
      line += fmt::format("  {} {:.2f} %", name, 100 * value);
    else
      line += fmt::format("  {} {:.4g}", name, value);
  }
  live->print(line + fmt::format("  {:.2f} s", epoch.seconds));
}

Monitor::Monitor(const nn::ModuleBase& net, optim::OptimizerBase& optimizer, std::vector<detail::OptionTexts> groups,
                 MonitorOptions options, Loc where)
    : state_(std::make_unique<State>(net, optimizer, std::move(groups), std::move(options), where)) {}

Monitor::~Monitor() {
  State& s = *state_;
  s.write_briefs();
  s.write_header();
  try {
    if (s.examination) s.tell(s.examination->last_words());
  } catch (const std::exception& e) { s.trouble = e.what(); }
  if (!s.log.is_open()) return;
  const bool ok = std::uncaught_exceptions() == s.exceptions;
  s.log.write(end_line(s.steps, s.epochs, seconds(Clock::now() - s.begun), ok), s.now);
}

const StepReport& Monitor::step(const Tensor& loss, const StepData& data, Loc where) {
  return step(loss.item(where), data, where);
}

const StepReport& Monitor::step(double loss, const StepData& data, Loc where) {
  State& s = *state_;
  if (s.place->optimizer == nullptr)
    throw Error("Monitor", {.wrong = "the optimizer has ended", .advice = "keep it as long as the monitor"}, where);
  s.now = Clock::now();
  ++s.steps;
  ++s.batch;
  s.step = StepReport{.step = s.steps, .epoch = s.epochs + 1, .loss = loss, .lr = s.place->optimizer->lr()};
  s.step.metrics = data.metrics;
  s.count(data);
  s.history.add(loss);
  s.write_header();
  s.take_sample();
  s.write_step();
  s.begin_sample();
  if (s.examination) s.tell(s.examination->step(loss, s.step.lr, {data.input, data.target}));
  if (s.live && s.live->is_due()) s.live->show(s.progress());
  return s.step;
}

const EpochReport& Monitor::end_epoch(Metrics metrics, Loc where) {
  State& s = *state_;
  if (s.batch == 0)
    throw Error("Monitor",
                {.wrong = "an epoch without a step",
                 .got = fmt::format("end_epoch() after {} steps in all, none of them since the last epoch", s.steps),
                 .advice = "call step() after each optimizer step"},
                where);
  s.now = Clock::now();
  if (s.o.batches == 0) s.o.batches = s.batch;
  s.epoch = EpochReport{.epoch = ++s.epochs,
                        .step = s.steps,
                        .loss = s.epoch_mean(s.loss_sum),
                        .accuracy = s.judged > 0 ? s.right / static_cast<double>(s.judged) : Progress::unknown,
                        .lr = s.step.lr,
                        .seconds = seconds(s.now - s.epoch_begun),
                        .items = s.items,
                        .metrics = std::move(metrics),
                        .units = s.sampler.epoch()};
  s.write_briefs();
  s.log.write(epoch_line(s.epoch), s.now);
  s.log.flush();
  s.csv.write(csv_row(s.epoch), s.now);
  s.csv.flush();
  if (s.writer) s.to_tensorboard(s.epoch);
  if (s.live) s.show_epoch();
  const diagnosis::EpochLook look{.epoch = s.epoch.epoch,
                                  .loss = s.epoch.loss,
                                  .accuracy = s.epoch.accuracy,
                                  .val_loss = find(s.epoch.metrics, "val_loss"),
                                  .val_accuracy = find(s.epoch.metrics, "val_accuracy")};
  if (s.examination) s.tell(s.examination->epoch(look));
  diagnosis::tell_environment(look);
  s.batch = 0;
  s.items = 0;
  s.weight = 0;
  s.judged = 0;
  s.loss_sum = 0;
  s.right = 0;
  s.epoch_begun = s.now;
  return s.epoch;
}

void Monitor::add_answers(const Answers& answers, Loc where) {
  State& s = *state_;
  const std::string lines = answer_lines(answers, s.steps, where);
  s.write_header();
  s.write_briefs();
  s.log.write(lines, s.now);
  s.log.flush();
}

void Monitor::held_out(const Tensor& examples, Loc where) {
  gradus::detail::check_defined(examples, "Monitor", where);
  if (state_->examination) state_->examination->held_out(examples);
  diagnosis::tell_environment_held_out(examples);
}

std::vector<Diagnosis> Monitor::diagnoses() const {
  return state_->examination ? state_->examination->verdict() : std::vector<Diagnosis>();
}

void Monitor::failed(double loss) {
  State& s = *state_;
  s.write_header();
  if (s.examination) s.tell(s.examination->step(loss, s.step.lr, {}));
}

Progress Monitor::progress() const { return state_->progress(); }
std::string Monitor::line(const LineStyle& style) const { return format_line(progress(), style); }
const StepReport& Monitor::last_step() const { return state_->step; }
const StepReport& Monitor::last_sample() const { return state_->sample; }
SummaryWriter* Monitor::tensorboard() { return state_->writer ? &*state_->writer : nullptr; }
const std::string& Monitor::trouble() const { return state_->trouble; }

}  // namespace gradus::train

// What a monitor writes: the log, the table, TensorBoard's file and the diagnoses.
#include <algorithm>
#include <cmath>
#include <utility>

#include "train/monitor_state.hpp"

namespace gradus::train {

// Each below the live line, and in the log.
void Monitor::State::tell(const std::vector<Diagnosis>& found) {
  for (const Diagnosis& d : found) {
    write_briefs();
    log.write(diagnosis_line(d), now);
    if (live) live->print(to_string(d));
    try {
      if (writer) writer->add_text("diagnosis/" + d.code, to_string(d), d.step);
    } catch (const Error& e) {
      trouble = e.complaint().got;
      writer.reset();
    }
  }
}

void Monitor::State::write_header() {
  if (std::exchange(header_written, true) || !log.is_open()) return;
  if (kept.there) return log.write(resume_line(o.step_before, o.epoch_before), now);
  const RunPlan plan{.batch = step.items, .epochs = o.epochs, .batches = o.batches, .every = o.every};
  log.write(run_line(net_text, optimizer_text, plan, o.settings), now);
}

void Monitor::State::write_step() {
  if (step.sampled || !step.metrics.empty()) {
    write_briefs();
    write(step);
    return;
  }
  briefs.push_back({step.step, step.epoch, step.items, step.batch, step.loss, step.accuracy, step.lr});
  if (briefs.size() == most_briefs || seconds(now - written) > 1) write_briefs();
}

void Monitor::State::write_briefs() {
  written = now;
  for (const Brief& b : briefs) {
    write(StepReport{.step = b.step,
                     .epoch = b.epoch,
                     .loss = b.loss,
                     .accuracy = b.accuracy,
                     .lr = b.lr,
                     .items = b.items,
                     .batch = b.batch});
  }
  briefs.clear();
}

void Monitor::State::write(const StepReport& r) {
  if (log.is_open()) log.write(step_line(r, speed), now);
  if (csv.is_open()) csv.write(csv_row(r, speed), now);
  if (writer) to_tensorboard(r);
  if (!log.trouble().empty()) trouble = log.trouble();
  if (!csv.trouble().empty()) trouble = csv.trouble();
}

void Monitor::State::to_tensorboard(const StepReport& r) {
  try {
    writer->add_scalar("train/loss", r.loss, r.step);
    if (!std::isnan(r.accuracy)) writer->add_scalar("train/accuracy", r.accuracy, r.step);
    for (const auto& [name, value] : r.metrics) writer->add_scalar("train/" + name, value, r.step);
    if (!r.sampled) return;
    writer->add_scalar("train/lr", r.lr, r.step);
    if (!std::isnan(r.grad_norm)) writer->add_scalar("train/grad_norm", r.grad_norm, r.step);
    for (const ParameterReport& p : r.parameters) {
      if (!std::isnan(p.update_ratio)) writer->add_scalar("update_ratio/" + p.name, p.update_ratio, r.step);
    }
    for (const UnitReport& u : r.units) {
      if (!std::isnan(u.dead)) writer->add_scalar("dead/" + u.layer, u.dead, r.step);
      if (!std::isnan(u.saturated)) writer->add_scalar("saturated/" + u.layer, u.saturated, r.step);
    }
  } catch (const Error& e) {
    trouble = e.complaint().got;
    writer.reset();
  }
}

void Monitor::State::to_tensorboard(const EpochReport& r) {
  try {
    for (const auto& [name, value] : r.metrics) writer->add_scalar("epoch/" + name, value, r.step);
    writer->add_scalar("epoch/loss", r.loss, r.step);
    if (!std::isnan(r.accuracy)) writer->add_scalar("epoch/accuracy", r.accuracy, r.step);
    const auto histogram = [&](const std::string& tag, const Tensor& x) {
      if (!x.defined() || x.numel() == 0) return;
      const std::vector<double> v = x.to_vector();
      if (std::any_of(v.begin(), v.end(), [](double n) { return std::isfinite(n); }))
        writer->add_histogram(tag, x, r.step);
    };
    for (std::size_t i = 0; i < sampler.parameters().size(); ++i) {
      histogram("weights/" + sampler.parameters()[i].name, sampler.parameters()[i].value);
      histogram("gradients/" + sampler.parameters()[i].name, sampler.gradient(i));
    }
    writer->flush();
  } catch (const Error& e) {
    trouble = e.complaint().got;
    writer.reset();
  }
}

}  // namespace gradus::train

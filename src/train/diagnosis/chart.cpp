// The course of the loss, and what a constant answer would reach.
#include "train/diagnosis/chart.hpp"

#include <algorithm>
#include <cmath>

#include "train/diagnosis/measure.hpp"

namespace gradus::train::diagnosis {

double median(std::vector<double> values) {
  if (values.empty()) return unknown;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void Chart::add(const Look& look) {
  steps = look.step;
  looks += look.close;
  others = others || look.others;
  recorded = recorded || look.recorded;
  if (look.close) {
    rates_.push_back(look.lr);
    if (rates_.size() > 8) rates_.pop_front();
    lr_before = rates_.front();
  }
  lr = look.lr;
  if (look.term) {
    const LossLook& t = *look.term;
    kind = t.kind;
    classes = t.classes;
    sequence = sequence || t.sequence;
    if (t.kind == LossKind::squares) {
      const auto n = t.target.defined() ? t.target.numel() : t.examples;
      targets_ += n;
      target_sum_ += static_cast<double>(n) * t.mean;
      target_squares_ += static_cast<double>(n) * t.square;
    }
    if (t.kind == LossKind::classes && t.target.defined() && t.target.dtype() == i64 && labels_.size() < 1000) {
      for (const double label : t.target.to_vector()) ++labels_[static_cast<std::int64_t>(label)];
    }
    const std::uint64_t batch = fingerprint(t.target) ^ (look.input ? fingerprint(look.input->x) : 0);
    if (batch != 0) {
      same_ += batch == batch_;
      ++batches_;
      batch_ = batch;
    }
    same_batch = batches_ >= 4 && same_ >= batches_ - 1;
  }
  if (!look.told) return;
  if (!std::isfinite(look.loss)) {
    if (nonfinite_at == 0) nonfinite_at = steps;
    return;
  }
  if (head_.empty()) first = look.loss;
  if (head_.size() < 5) head_.push_back(look.loss);
  positive = positive && look.loss >= 0;
  top = std::max(top, look.loss);
  recent.push_back(look.loss);
  if (recent.size() > 256) recent.pop_front();
  course.add(look.loss);
}

void Chart::add(const EpochLook& epoch) { epochs = epoch.epoch; }

double Chart::start() const { return median(head_); }

double Chart::level() const {
  const auto n =
      std::min<std::size_t>(recent.size(), static_cast<std::size_t>(std::clamp<std::int64_t>(steps / 10, 5, 40)));
  return median({recent.end() - static_cast<std::ptrdiff_t>(n), recent.end()});
}

bool Chart::well() const { return positive && recent.size() >= 3 && level() < 0.5 * first; }

double Chart::baseline() const {
  if (kind == LossKind::squares && targets_ > 0) {
    const double mean = target_sum_ / static_cast<double>(targets_);
    return target_squares_ / static_cast<double>(targets_) - mean * mean;
  }
  if (kind != LossKind::classes || labels_.empty()) return unknown;
  double all = 0;
  for (const auto& [label, count] : labels_) all += static_cast<double>(count);
  double entropy = 0;
  for (const auto& [label, count] : labels_) {
    const double p = static_cast<double>(count) / all;
    entropy -= p * std::log(p);
  }
  return entropy;
}

double Chart::skill() const {
  const double base = baseline();
  return base > 0 ? 1 - level() / base : unknown;
}

double Chart::progress() const {
  const std::vector<double>& means = course.means;
  const auto quarter = static_cast<std::ptrdiff_t>(means.size() / 4);
  if (quarter < 2) return unknown;
  double late = 0;
  double before = 0;
  for (auto at = means.end() - quarter; at != means.end(); ++at) late += *at;
  for (auto at = means.end() - 2 * quarter; at != means.end() - quarter; ++at) before += *at;
  return late / before;
}

}  // namespace gradus::train::diagnosis

// Which steps are looked at, and merging what the tape and the loop have told.
#include "train/diagnosis/examination.hpp"

#include <algorithm>
#include <cmath>

namespace gradus::train::diagnosis {

Examination::Examination(std::shared_ptr<const optim::detail::OptimizerPlace> place, std::int64_t before,
                         std::int64_t every)
    : place_(std::move(place)),
      begun_(before),
      steps_(before),
      every_(every),
      watch_([this](const optim::OptimizerBase& optimizer, Look&& look) {
        if (&optimizer == place_->optimizer)
          look_ = std::move(look);
        else
          others_ = others_ || look.others;
      }) {
  attach();
}

// The first 8, pairs at 10, 20, 40, 80, …, and what is sampled anyway.
bool Examination::is_due(std::int64_t step) const {
  const std::int64_t n = step - begun_;
  if (n <= 8 || step % every_ == 0) return true;
  std::int64_t pair = 10;
  while (pair + 1 < n) pair *= 2;
  return n == pair || n == pair + 1;
}

void Examination::attach() {
  watch_.ask_curvature = examiner_.wants_curvature();
  const bool due = is_due(steps_ + 1) || watch_.ask_curvature;
  if (due == observing_.has_value()) return;
  if (!due) {
    observing_.reset();
    return;
  }
  watch_.forget();
  observing_.emplace(watch_);
}

std::vector<Diagnosis> Examination::step(double loss, double lr, const Batch& batch) {
  ++steps_;
  Look look = look_ ? std::move(*look_) : Look{};
  look_.reset();
  if (look.close && !std::isfinite(loss) && !look.nonfinite && observing_) {
    const Look open = watch_.unfinished();
    look.nonfinite = open.nonfinite;
  }
  look.step = steps_;
  look.loss = loss;
  look.told = true;
  look.lr = lr;
  look.others = look.others || others_;
  Batch seen = batch;
  if (!seen.x.defined() && look.input) seen.x = look.input->x;
  if (!seen.y.defined() && look.term) seen.y = look.term->target;
  if (seen.x.defined() || seen.y.defined()) examiner_.examples(seen);
  examiner_.step(std::move(look));
  attach();
  std::vector<Diagnosis> fresh = examiner_.fresh();
  for (const Diagnosis& d : fresh) told_.push_back(d.code);
  return fresh;
}

std::vector<Diagnosis> Examination::epoch(const EpochLook& epoch) {
  examiner_.epoch(epoch);
  std::vector<Diagnosis> fresh = examiner_.fresh();
  for (const Diagnosis& d : fresh) told_.push_back(d.code);
  return fresh;
}

std::vector<Diagnosis> Examination::last_words() {
  std::vector<Diagnosis> rest;
  for (Diagnosis& d : examiner_.verdict()) {
    if (std::find(told_.begin(), told_.end(), d.code) == told_.end()) rest.push_back(std::move(d));
  }
  return rest;
}

}  // namespace gradus::train::diagnosis

// What turns a schedule into the rates of an optimizer.
#include <algorithm>
#include <cmath>

#include <gradus/op.hpp>
#include <gradus/optim/schedule.hpp>

#include "optim/saved.hpp"
#include "tensor/number.hpp"

namespace gradus::optim {

using gradus::detail::user_line;

namespace {

std::vector<double> rates(const OptimizerBase& optimizer) {
  std::vector<double> all;
  for (std::size_t group = 0; group < optimizer.groups(); ++group) all.push_back(optimizer.lr(group));
  return all;
}

Tensor vector(const std::vector<double>& numbers) { return from(numbers, {static_cast<std::int64_t>(numbers.size())}); }

// What was saved under a name: `count` numbers, …
std::vector<double> numbers(const StateDict& state, const char* key, std::size_t count, Loc where) {
  const Tensor* t = find(state, key);
  if (!t || !t->defined() || t->numel() != static_cast<std::int64_t>(count))
    throw Error("load_state_dict",
                {.wrong = std::string("'") + key + (t ? "' has the wrong size" : "' is missing"),
                 .expected = std::to_string(count) + " numbers",
                 .advice = "load what the same kind of schedule has saved"},
                user_line(where));
  return t->to_vector();
}

// … or a count.
std::int64_t saved_number(const StateDict& state, const char* key, Loc where) {
  return saved_count(numbers(state, key, 1, where)[0], key, where);
}

}  // namespace

Scheduler::Scheduler(OptimizerBase& optimizer, Schedule schedule, Loc where)
    : optimizer_(&optimizer), schedule_(std::move(schedule)), base_(rates(optimizer)) {
  const At at(where);
  schedule_.check(where);
  for (std::size_t group = 0; group < optimizer.groups(); ++group)
    if (schedule_.momentum(0) && !optimizer.momentum(group))
      throw Error("Scheduler",
                  {.wrong = std::string(optimizer.type()) + " has neither momentum nor betas to cycle",
                   .advice = "give the schedule {.cycle_momentum = false}"},
                  user_line(where));
  apply(0, base_);
}

void Scheduler::step(Loc where) {
  const At at(where);
  std::vector<double> base = base_;  // a group added since begins with the rate it has
  for (std::size_t group = base.size(); group < optimizer_->groups(); ++group) base.push_back(optimizer_->lr(group));
  apply(k_ + 1, std::move(base));
}

void Scheduler::apply(std::int64_t k, std::vector<double> base) {
  std::vector<double> lr;
  for (const double b : base) lr.push_back(schedule_(k, b));
  const std::optional<double> momentum = schedule_.momentum(k);
  k_ = k, base_ = std::move(base);
  for (std::size_t group = 0; group < lr.size(); ++group) {
    optimizer_->set_lr(lr[group], group);
    if (momentum) optimizer_->set_momentum(*momentum, group);
  }
}

StateDict Scheduler::state_dict() const {
  return {{"last_epoch", scalar(static_cast<double>(k_), i64)}, {"base_lrs", vector(base_)}};
}

void Scheduler::load_state_dict(const StateDict& state, Loc where) {
  const At at(where);
  const std::int64_t k = saved_number(state, "last_epoch", where);
  apply(k, numbers(state, "base_lrs", optimizer_->groups(), where));
}

// ---- when a metric stalls ----

ReduceLROnPlateau::ReduceLROnPlateau(OptimizerBase& optimizer, ReduceLROnPlateauOptions options, Loc where)
    : optimizer_(&optimizer),
      o_(options),
      best_(options.mode == PlateauMode::min ? gradus::detail::infinity : -gradus::detail::infinity) {
  if (!(o_.factor > 0 && o_.factor < 1))
    throw Error("ReduceLROnPlateau",
                {.wrong = "factor does not reduce",
                 .got = gradus::detail::number_text(o_.factor),
                 .expected = "between 0 and 1"},
                user_line(where));
}

void ReduceLROnPlateau::step(double metric) {
  const double sign = o_.mode == PlateauMode::min ? -1 : 1;
  const double goal =
      o_.threshold_mode == ThresholdMode::rel ? best_ * (1 + sign * o_.threshold) : best_ + sign * o_.threshold;
  const bool better = sign * metric > sign * goal;
  if (better) best_ = metric;
  bad_ = better ? 0 : bad_ + 1;
  if (cooldown_ > 0) --cooldown_, bad_ = 0;
  if (bad_ <= o_.patience) return;
  for (std::size_t group = 0; group < optimizer_->groups(); ++group) {
    const double old = optimizer_->lr(group), lr = std::max(old * o_.factor, o_.min_lr);
    if (old - lr > o_.eps) optimizer_->set_lr(lr, group);
  }
  cooldown_ = o_.cooldown;
  bad_ = 0;
}

StateDict ReduceLROnPlateau::state_dict() const {
  return {{"best", scalar(best_, f64)},
          {"num_bad_epochs", scalar(static_cast<double>(bad_), i64)},
          {"cooldown_counter", scalar(static_cast<double>(cooldown_), i64)},
          {"lrs", vector(rates(*optimizer_))}};
}

void ReduceLROnPlateau::load_state_dict(const StateDict& state, Loc where) {
  const double best = numbers(state, "best", 1, where)[0];
  const std::int64_t bad = saved_number(state, "num_bad_epochs", where),
                     cooldown = saved_number(state, "cooldown_counter", where);
  const std::vector<double> lrs = numbers(state, "lrs", optimizer_->groups(), where);
  best_ = best, bad_ = bad, cooldown_ = cooldown;
  for (std::size_t group = 0; group < lrs.size(); ++group) optimizer_->set_lr(lrs[group], group);
}

}  // namespace gradus::optim

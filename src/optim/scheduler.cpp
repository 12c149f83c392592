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

OptimizerBase& optimizer_at(const detail::OptimizerPlace& place, const char* schedule, Loc where) {
  if (place.optimizer) return *place.optimizer;
  throw Error(schedule,
              {.wrong = "the optimizer has ended",
               .expected = "an optimizer that lives as long as its schedule",
               .advice = "keep both in one object; moving the optimizer is fine, copying leaves the schedule behind"},
              user_line(where));
}

Tensor vector(const std::vector<double>& numbers) {
  return from_data(numbers, {static_cast<std::int64_t>(numbers.size())});
}

// What was saved under a name: `count` numbers …
std::vector<double> numbers(const StateDict& state, const char* key, std::size_t count, Loc where) {
  const Tensor* t = find(state, key);
  if (!t || !t->defined() || t->numel() != static_cast<std::int64_t>(count))
    throw Error("load_state_dict",
                {.wrong = std::string("'") + key + (t ? "' has the wrong size" : "' is missing"),
                 .got = t ? t->defined() ? to_string(t->shape()) : "an undefined tensor"
                          : std::to_string(state.size()) + " names",
                 .expected = std::to_string(count) + " numbers",
                 .advice = "load the state of the same kind of schedule, for as many groups"},
                user_line(where));
  return t->to_vector();
}

// … or one count.
std::int64_t saved_number(const StateDict& state, const char* key, Loc where) {
  return saved_count(numbers(state, key, 1, where)[0], key, where);
}

}  // namespace

// ---- schedules ----

Scheduler::Scheduler(OptimizerBase& optimizer, Schedule schedule, Loc where)
    : place_(optimizer.place()), schedule_(std::move(schedule)) {
  const At at(where);
  schedule_.check(where);
  std::vector<Group> groups;
  for (std::size_t group = 0; group < optimizer.groups(); ++group) {
    groups.push_back({.base = optimizer.lr(group, where)});
    if (schedule_.momentum(0) && !optimizer.momentum(group))
      throw Error("Scheduler",
                  {.wrong = std::string(optimizer.type()) + " has neither momentum nor betas to cycle",
                   .advice = "give the schedule {.cycle_momentum = false}"},
                  user_line(where));
  }
  apply(0, std::move(groups), where);
}

void Scheduler::step(Loc where) {
  const At at(where);
  const OptimizerBase& optimizer = optimizer_at(*place_, "Scheduler", where);
  std::vector<Group> groups = groups_;
  for (std::size_t group = 0; group < groups.size() && group < optimizer.groups(); ++group) {
    Group& g = groups[group];
    const double now = optimizer.lr(group, where);
    if (now == g.set) continue;
    if (g.set == 0)
      throw Error("Scheduler",
                  {.wrong = "the schedule has set the rate to 0, and it has been changed since",
                   .got = gradus::detail::number_text(now),
                   .expected = "a rate that grows from a number above 0",
                   .advice = "use one schedule for all: SequentialLR, or a lambda that multiplies"},
                  user_line(where));
    g.scale *= now / g.set;
  }
  for (std::size_t group = groups.size(); group < optimizer.groups(); ++group)  // added since
    groups.push_back({.base = optimizer.lr(group, where)});
  apply(k_ + 1, std::move(groups), where);
}

// Sets the rates of step k, or throws and changes nothing.
void Scheduler::apply(std::int64_t k, std::vector<Group> groups, Loc where) {
  OptimizerBase& optimizer = optimizer_at(*place_, "Scheduler", where);
  for (Group& g : groups) {
    g.set = schedule_(k, g.base, where) * g.scale;
    if (!(g.set >= 0 && std::isfinite(g.set)))
      throw Error("Scheduler",
                  {.wrong = "the schedule gives no learning rate",
                   .got = gradus::detail::number_text(g.set) + " at k = " + std::to_string(k) + ", from a base of " +
                          gradus::detail::number_text(g.base),
                   .expected = "a finite number, 0 or more"},
                  user_line(where));
  }
  if (const std::optional<double> momentum = schedule_.momentum(k))
    for (std::size_t group = 0; group < groups.size(); ++group) optimizer.set_momentum(*momentum, group, where);
  for (std::size_t group = 0; group < groups.size(); ++group) optimizer.set_lr(groups[group].set, group, where);
  k_ = k;
  groups_ = std::move(groups);
}

std::vector<double> Scheduler::last_lr() const {
  std::vector<double> all;
  for (const Group& g : groups_) all.push_back(g.set);
  return all;
}

StateDict Scheduler::state_dict() const {
  std::vector<double> bases, scales;
  for (const Group& g : groups_) {
    bases.push_back(g.base);
    scales.push_back(g.scale);
  }
  return {
      {"last_epoch", scalar(static_cast<double>(k_), i64)}, {"base_lrs", vector(bases)}, {"scales", vector(scales)}};
}

void Scheduler::load_state_dict(const StateDict& state, Loc where) {
  const At at(where);
  const std::int64_t k = saved_number(state, "last_epoch", where);
  const std::size_t count = optimizer_at(*place_, "Scheduler", where).groups();
  const std::vector<double> bases = numbers(state, "base_lrs", count, where);
  const bool scaled = find(state, "scales");  // not in what version 0.1 has saved
  const std::vector<double> scales = scaled ? numbers(state, "scales", count, where) : std::vector<double>(count, 1);
  std::vector<Group> groups;
  for (std::size_t group = 0; group < count; ++group) groups.push_back({.base = bases[group], .scale = scales[group]});
  apply(k, std::move(groups), where);
}

// ---- when a metric stalls ----

ReduceLROnPlateau::ReduceLROnPlateau(OptimizerBase& optimizer, ReduceLROnPlateauOptions options, Loc where)
    : place_(optimizer.place()),
      o_(options),
      best_(options.mode == PlateauMode::min ? std::numeric_limits<double>::infinity()
                                             : -std::numeric_limits<double>::infinity()) {
  const auto require = [&](bool fine, const char* name, double got, const char* expected) {
    if (!fine)
      throw Error("ReduceLROnPlateau",
                  {.wrong = std::string(name) + " is out of range",
                   .got = gradus::detail::number_text(got),
                   .expected = expected},
                  user_line(where));
  };
  const auto not_negative = [&](const char* name, double value) {
    require(value >= 0 && std::isfinite(value), name, value, "a finite number, 0 or more");
  };
  require(o_.factor > 0 && o_.factor < 1, "factor", o_.factor, "between 0 and 1");
  not_negative("patience", static_cast<double>(o_.patience));
  not_negative("threshold", o_.threshold);
  not_negative("cooldown", static_cast<double>(o_.cooldown));
  not_negative("min_lr", o_.min_lr);
  not_negative("eps", o_.eps);
}

void ReduceLROnPlateau::step(double metric, Loc where) {
  OptimizerBase& optimizer = optimizer_at(*place_, "ReduceLROnPlateau", where);
  const double sign = o_.mode == PlateauMode::min ? -1 : 1;
  const double size = o_.threshold_mode == ThresholdMode::rel ? std::abs(best_) : 1;
  const double margin = std::isinf(best_) ? 0 : size * o_.threshold;  // the first metric is better than none
  const bool better = sign * metric > sign * best_ + margin;
  if (better) best_ = metric;
  bad_ = better ? 0 : bad_ + 1;
  if (cooldown_ > 0) {
    --cooldown_;
    bad_ = 0;
  }
  if (bad_ <= o_.patience) return;
  for (std::size_t group = 0; group < optimizer.groups(); ++group) {
    const double old = optimizer.lr(group, where), lr = std::max(old * o_.factor, o_.min_lr);
    if (old - lr > o_.eps) optimizer.set_lr(lr, group, where);
  }
  cooldown_ = o_.cooldown;
  bad_ = 0;
}

StateDict ReduceLROnPlateau::state_dict(Loc where) const {
  return {{"best", scalar(best_, f64)},
          {"num_bad_epochs", scalar(static_cast<double>(bad_), i64)},
          {"cooldown_counter", scalar(static_cast<double>(cooldown_), i64)},
          {"lrs", vector(rates(optimizer_at(*place_, "ReduceLROnPlateau", where)))}};
}

void ReduceLROnPlateau::load_state_dict(const StateDict& state, Loc where) {
  OptimizerBase& optimizer = optimizer_at(*place_, "ReduceLROnPlateau", where);
  const double best = numbers(state, "best", 1, where)[0];
  const std::int64_t bad = saved_number(state, "num_bad_epochs", where);
  const std::int64_t cooldown = saved_number(state, "cooldown_counter", where);
  const std::vector<double> lrs = numbers(state, "lrs", optimizer.groups(), where);
  for (const double lr : lrs)
    if (!(lr >= 0 && std::isfinite(lr)))
      throw Error("load_state_dict",
                  {.wrong = "'lrs' has a number that is no learning rate",
                   .got = gradus::detail::number_text(lr),
                   .expected = "finite numbers, 0 or more"},
                  user_line(where));
  best_ = best;
  bad_ = bad;
  cooldown_ = cooldown;
  for (std::size_t group = 0; group < lrs.size(); ++group) optimizer.set_lr(lrs[group], group, where);
}

}  // namespace gradus::optim

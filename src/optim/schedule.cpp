// The schedules: short functions of k, and what they check.
#include <gradus/optim/schedule.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "tensor/impl.hpp"
#include "tensor/number.hpp"

namespace gradus::optim {
namespace {

double real(std::int64_t n) { return static_cast<double>(n); }

void require(bool fine, const char* form, const char* expected, double got, Loc where) {
  if (!fine)
    throw Error(form,
                {.wrong = "an argument is out of range", .got = gradus::detail::number_text(got), .expected = expected},
                gradus::detail::user_line(where));
}

// A finite number, `low` or more.
void require_number(double value, double low, const char* form, const char* expected, Loc where) {
  require(value >= low && std::isfinite(value), form, expected, value, where);
}

// Checks the arguments of a form, and k.
template <class Form>
void begin(const Form& form, const char* name, std::int64_t k, Loc where) {
  form.check(where);
  require(k >= 0, name, "k >= 0", real(k), where);
}

// Lets a learning rate through.
double rate(const char* name, double lr, Loc where) {
  if (!(lr >= 0 && std::isfinite(lr)))
    throw Error(name,
                {.wrong = "the schedule gives no learning rate",
                 .got = gradus::detail::number_text(lr),
                 .expected = "a finite number, 0 or more"},
                gradus::detail::user_line(where));
  return lr;
}

// From `high` at 0 to `low` at 1, half a cosine.
double cosine(double high, double low, double part) {
  return low + (high - low) * (1 + std::cos(std::numbers::pi * part)) / 2;
}

}  // namespace

double StepLR::operator()(std::int64_t k, double base, Loc where) const {
  begin(*this, "StepLR", k, where);
  return rate("StepLR", base * std::pow(gamma, real(k / step_size)), where);
}
void StepLR::check(Loc where) const {
  require(step_size > 0, "StepLR", "step_size > 0", real(step_size), where);
  require_number(gamma, 0, "StepLR", "gamma >= 0", where);
}

double MultiStepLR::operator()(std::int64_t k, double base, Loc where) const {
  begin(*this, "MultiStepLR", k, where);
  const auto passed = std::count_if(milestones.begin(), milestones.end(), [&](auto m) { return m <= k; });
  return rate("MultiStepLR", base * std::pow(gamma, real(passed)), where);
}
void MultiStepLR::check(Loc where) const {
  require(!milestones.empty(), "MultiStepLR", "at least one of milestones", 0, where);
  for (const std::int64_t m : milestones) require(m >= 0, "MultiStepLR", "milestones >= 0", real(m), where);
  require_number(gamma, 0, "MultiStepLR", "gamma >= 0", where);
}

double ExponentialLR::operator()(std::int64_t k, double base, Loc where) const {
  begin(*this, "ExponentialLR", k, where);
  return rate("ExponentialLR", base * std::pow(gamma, real(k)), where);
}
void ExponentialLR::check(Loc where) const {
  require(gamma > 0 && std::isfinite(gamma), "ExponentialLR", "gamma > 0", gamma, where);
}

double CosineAnnealingLR::operator()(std::int64_t k, double base, Loc where) const {
  begin(*this, "CosineAnnealingLR", k, where);
  return rate("CosineAnnealingLR", cosine(base, eta_min, real(k) / real(T_max)), where);
}
void CosineAnnealingLR::check(Loc where) const {
  require(T_max > 0, "CosineAnnealingLR", "T_max > 0", real(T_max), where);
  require_number(eta_min, 0, "CosineAnnealingLR", "eta_min >= 0", where);
}

double CosineAnnealingWarmRestarts::operator()(std::int64_t k, double base, Loc where) const {
  begin(*this, "CosineAnnealingWarmRestarts", k, where);
  std::int64_t period = T_0;
  if (T_mult == 1) k %= period;
  while (k >= period) {
    k -= period;
    if (period > std::numeric_limits<std::int64_t>::max() / T_mult) {
      period = std::numeric_limits<std::int64_t>::max();  // longer than any k
    } else {
      period *= T_mult;
    }
  }
  return rate("CosineAnnealingWarmRestarts", cosine(base, eta_min, real(k) / real(period)), where);
}
void CosineAnnealingWarmRestarts::check(Loc where) const {
  require(T_0 > 0, "CosineAnnealingWarmRestarts", "T_0 > 0", real(T_0), where);
  require(T_mult >= 1, "CosineAnnealingWarmRestarts", "T_mult >= 1", real(T_mult), where);
  require_number(eta_min, 0, "CosineAnnealingWarmRestarts", "eta_min >= 0", where);
}

double LinearLR::operator()(std::int64_t k, double base, Loc where) const {
  begin(*this, "LinearLR", k, where);
  const double part = real(std::min(k, total_iters)) / real(total_iters);
  return rate("LinearLR", base * (start_factor + (end_factor - start_factor) * part), where);
}
void LinearLR::check(Loc where) const {
  require(total_iters > 0, "LinearLR", "total_iters > 0", real(total_iters), where);
  require_number(start_factor, 0, "LinearLR", "start_factor >= 0", where);
  require_number(end_factor, 0, "LinearLR", "end_factor >= 0", where);
}

double PolynomialLR::operator()(std::int64_t k, double base, Loc where) const {
  begin(*this, "PolynomialLR", k, where);
  const double part = real(std::min(k, total_iters)) / real(total_iters);
  return rate("PolynomialLR", base * std::pow(1 - part, power), where);
}
void PolynomialLR::check(Loc where) const {
  require(total_iters > 0, "PolynomialLR", "total_iters > 0", real(total_iters), where);
  require_number(power, 0, "PolynomialLR", "power >= 0", where);
}

double ConstantLR::operator()(std::int64_t k, double base, Loc where) const {
  begin(*this, "ConstantLR", k, where);
  return rate("ConstantLR", k < total_iters ? base * factor : base, where);
}
void ConstantLR::check(Loc where) const {
  require(total_iters >= 0, "ConstantLR", "total_iters >= 0", real(total_iters), where);
  require_number(factor, 0, "ConstantLR", "factor >= 0", where);
}

// ---- one after the other ----

std::pair<const Schedule&, std::int64_t> SequentialLR::part(std::int64_t k) const {
  const auto i = std::upper_bound(milestones.begin(), milestones.end(), k) - milestones.begin();
  return {schedules[static_cast<std::size_t>(i)], i == 0 ? k : k - milestones[static_cast<std::size_t>(i) - 1]};
}
double SequentialLR::operator()(std::int64_t k, double base, Loc where) const {
  begin(*this, "SequentialLR", k, where);
  const auto [schedule, n] = part(k);
  return rate("SequentialLR", schedule(n, base, where), where);
}
std::optional<double> SequentialLR::momentum(std::int64_t k) const {
  const auto [schedule, n] = part(k);
  return schedule.momentum(n);
}
void SequentialLR::check(Loc where) const {
  require(schedules.size() == milestones.size() + 1, "SequentialLR", "one milestone between two schedules",
          real(static_cast<std::int64_t>(milestones.size())), where);
  for (std::size_t i = 0; i < milestones.size(); ++i)
    require(milestones[i] > (i == 0 ? 0 : milestones[i - 1]), "SequentialLR", "milestones that grow from 1 or more",
            real(milestones[i]), where);
  for (const Schedule& s : schedules) s.check(where);
}

// ---- cycles ----

namespace {

void require_momenta(const char* form, double low, double high, Loc where) {
  require(low >= 0 && low < 1, form, "base_momentum >= 0 and < 1", low, where);
  require(high >= 0 && high < 1, form, "max_momentum >= 0 and < 1", high, where);
}

// OneCycleLR goes from turning point to turning point: the step of each, and where rate and momentum are then.
struct Turn {
  double step, lr, momentum;
};

template <double Turn::*value>
double one_cycle(const OneCycleLR& c, std::int64_t k) {
  const double start = c.max_lr / c.div_factor, total = real(c.total_steps);
  const Turn up{0, start, c.max_momentum}, top{c.pct_start * total - 1, c.max_lr, c.base_momentum};
  const Turn back{2 * c.pct_start * total - 2, start, c.max_momentum};
  const Turn end{total - 1, start / c.final_div_factor, c.max_momentum};
  const double step = std::min(real(k), end.step);
  const auto between = [&](const Turn& from, const Turn& to) {
    const double part = to.step > from.step ? (step - from.step) / (to.step - from.step) : 1;
    if (c.anneal_strategy == Anneal::cos) return cosine(from.*value, to.*value, part);
    return from.*value + (to.*value - from.*value) * part;
  };
  if (step <= top.step) return between(up, top);
  if (!c.three_phase) return between(top, end);
  return step <= back.step ? between(top, back) : between(back, end);
}

}  // namespace

double OneCycleLR::operator()(std::int64_t k, double, Loc where) const {
  begin(*this, "OneCycleLR", k, where);
  if (k > total_steps)
    throw Error("OneCycleLR",
                {.wrong = "the cycle is over",
                 .got = "step " + std::to_string(k),
                 .expected = "at most total_steps = " + std::to_string(total_steps)},
                gradus::detail::user_line(where));
  return rate("OneCycleLR", one_cycle<&Turn::lr>(*this, k), where);
}
std::optional<double> OneCycleLR::momentum(std::int64_t k) const {
  if (!cycle_momentum) return {};
  return one_cycle<&Turn::momentum>(*this, k);
}
void OneCycleLR::check(Loc where) const {
  require(max_lr > 0 && std::isfinite(max_lr), "OneCycleLR", "max_lr > 0", max_lr, where);
  require(total_steps > 0, "OneCycleLR", "total_steps > 0", real(total_steps), where);
  require(pct_start >= 0 && pct_start <= 1, "OneCycleLR", "pct_start from 0 to 1", pct_start, where);
  require(div_factor > 0 && std::isfinite(div_factor), "OneCycleLR", "div_factor > 0", div_factor, where);
  require(final_div_factor > 0 && std::isfinite(final_div_factor), "OneCycleLR", "final_div_factor > 0",
          final_div_factor, where);
  require_momenta("OneCycleLR", base_momentum, max_momentum, where);
}

double CyclicLR::height(std::int64_t k) const {
  const auto up = static_cast<std::uint64_t>(step_size_up);
  const auto down = static_cast<std::uint64_t>(step_size_down > 0 ? step_size_down : step_size_up);
  const std::uint64_t period = up + down, position = static_cast<std::uint64_t>(k) % period;
  const double triangle = position <= up ? static_cast<double>(position) / static_cast<double>(up)
                                         : static_cast<double>(period - position) / static_cast<double>(down);
  switch (mode) {
    case CyclicMode::triangular2:
      return triangle * std::pow(0.5, static_cast<double>(static_cast<std::uint64_t>(k) / period));
    case CyclicMode::exp_range:
      return triangle * std::pow(gamma, real(k));
    default:
      return triangle;
  }
}
double CyclicLR::operator()(std::int64_t k, double, Loc where) const {
  begin(*this, "CyclicLR", k, where);
  return rate("CyclicLR", base_lr + (max_lr - base_lr) * height(k), where);
}
std::optional<double> CyclicLR::momentum(std::int64_t k) const {
  if (!cycle_momentum) return {};
  return max_momentum - (max_momentum - base_momentum) * height(k);
}
void CyclicLR::check(Loc where) const {
  require(max_lr > 0 && std::isfinite(max_lr), "CyclicLR", "max_lr > 0", max_lr, where);
  require_number(base_lr, 0, "CyclicLR", "base_lr >= 0", where);
  require(step_size_up > 0, "CyclicLR", "step_size_up > 0", real(step_size_up), where);
  require(step_size_down >= 0, "CyclicLR", "step_size_down >= 0", real(step_size_down), where);
  require_number(gamma, 0, "CyclicLR", "gamma >= 0", where);
  require_momenta("CyclicLR", base_momentum, max_momentum, where);
}

}  // namespace gradus::optim

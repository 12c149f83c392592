// The forms: short functions of k.
#include <gradus/optim/schedule.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tensor/impl.hpp"
#include "tensor/number.hpp"

namespace gradus::optim {
namespace {

void require(bool fine, const char* form, const char* expected, double got, Loc where) {
  if (!fine)
    throw Error(form,
                {.wrong = "an argument is out of range", .got = gradus::detail::number_text(got), .expected = expected},
                gradus::detail::user_line(where));
}

// From `high` at 0 to `low` at 1, half a cosine.
double cosine(double high, double low, double part) {
  return low + (high - low) * (1 + std::cos(std::numbers::pi * part)) / 2;
}

double real(std::int64_t n) { return static_cast<double>(n); }

}  // namespace

double StepLR::operator()(std::int64_t k, double base) const { return base * std::pow(gamma, real(k / step_size)); }
void StepLR::check(Loc where) const { require(step_size > 0, "StepLR", "step_size > 0", real(step_size), where); }

double MultiStepLR::operator()(std::int64_t k, double base) const {
  return base *
         std::pow(gamma, real(std::count_if(milestones.begin(), milestones.end(), [&](auto m) { return m <= k; })));
}
void MultiStepLR::check(Loc where) const {
  require(!milestones.empty(), "MultiStepLR", "at least one of milestones", 0, where);
}

double ExponentialLR::operator()(std::int64_t k, double base) const { return base * std::pow(gamma, real(k)); }
void ExponentialLR::check(Loc where) const { require(gamma > 0, "ExponentialLR", "gamma > 0", gamma, where); }

double CosineAnnealingLR::operator()(std::int64_t k, double base) const {
  return cosine(base, eta_min, real(k) / real(T_max));
}
void CosineAnnealingLR::check(Loc where) const {
  require(T_max > 0, "CosineAnnealingLR", "T_max > 0", real(T_max), where);
}

double CosineAnnealingWarmRestarts::operator()(std::int64_t k, double base) const {
  std::int64_t period = T_0;
  if (T_mult == 1) k %= period;
  while (k >= period) k -= period, period *= T_mult;
  return cosine(base, eta_min, real(k) / real(period));
}
void CosineAnnealingWarmRestarts::check(Loc where) const {
  require(T_0 > 0, "CosineAnnealingWarmRestarts", "T_0 > 0", real(T_0), where);
  require(T_mult >= 1, "CosineAnnealingWarmRestarts", "T_mult >= 1", real(T_mult), where);
}

double LinearLR::operator()(std::int64_t k, double base) const {
  return base * (start_factor + (end_factor - start_factor) * real(std::min(k, total_iters)) / real(total_iters));
}
void LinearLR::check(Loc where) const {
  require(total_iters > 0, "LinearLR", "total_iters > 0", real(total_iters), where);
}

double PolynomialLR::operator()(std::int64_t k, double base) const {
  return base * std::pow(1 - real(std::min(k, total_iters)) / real(total_iters), power);
}
void PolynomialLR::check(Loc where) const {
  require(total_iters > 0, "PolynomialLR", "total_iters > 0", real(total_iters), where);
}

double ConstantLR::operator()(std::int64_t k, double base) const { return k < total_iters ? base * factor : base; }
void ConstantLR::check(Loc where) const {
  require(total_iters >= 0, "ConstantLR", "total_iters >= 0", real(total_iters), where);
}

// ---- one after the other ----

std::pair<const Schedule&, std::int64_t> SequentialLR::part(std::int64_t k) const {
  const auto i = std::upper_bound(milestones.begin(), milestones.end(), k) - milestones.begin();
  return {schedules[static_cast<std::size_t>(i)], i == 0 ? k : k - milestones[static_cast<std::size_t>(i) - 1]};
}
double SequentialLR::operator()(std::int64_t k, double base) const {
  const auto [schedule, n] = part(k);
  return schedule(n, base);
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
  const auto between = [&](const Turn& from, const Turn& to) {
    const double part = to.step > from.step ? (real(k) - from.step) / (to.step - from.step) : 1;
    if (c.anneal_strategy == Anneal::cos) return cosine(from.*value, to.*value, part);
    return from.*value + (to.*value - from.*value) * part;
  };
  if (real(k) <= top.step) return between(up, top);
  if (!c.three_phase) return between(top, end);
  return real(k) <= back.step ? between(top, back) : between(back, end);
}

}  // namespace

double OneCycleLR::operator()(std::int64_t k, double) const {
  if (k > total_steps)
    throw Error("OneCycleLR",
                {.wrong = "the cycle is over",
                 .got = "step " + std::to_string(k),
                 .expected = "at most total_steps = " + std::to_string(total_steps)},
                gradus::detail::user_line({}));
  return one_cycle<&Turn::lr>(*this, k);
}
std::optional<double> OneCycleLR::momentum(std::int64_t k) const {
  if (!cycle_momentum) return {};
  return one_cycle<&Turn::momentum>(*this, k);
}
void OneCycleLR::check(Loc where) const {
  require(max_lr > 0, "OneCycleLR", "max_lr > 0", max_lr, where);
  require(total_steps > 0, "OneCycleLR", "total_steps > 0", real(total_steps), where);
  require(pct_start >= 0 && pct_start <= 1, "OneCycleLR", "pct_start from 0 to 1", pct_start, where);
  require(div_factor > 0, "OneCycleLR", "div_factor > 0", div_factor, where);
  require(final_div_factor > 0, "OneCycleLR", "final_div_factor > 0", final_div_factor, where);
}

double CyclicLR::height(std::int64_t k) const {
  const std::int64_t down = step_size_down > 0 ? step_size_down : step_size_up, period = step_size_up + down;
  const std::int64_t at = k % period;
  const double triangle = at <= step_size_up ? real(at) / real(step_size_up) : real(period - at) / real(down);
  if (mode == CyclicMode::triangular) return triangle;
  return triangle * (mode == CyclicMode::triangular2 ? std::pow(0.5, real(k / period)) : std::pow(gamma, real(k)));
}
double CyclicLR::operator()(std::int64_t k, double) const { return base_lr + (max_lr - base_lr) * height(k); }
std::optional<double> CyclicLR::momentum(std::int64_t k) const {
  if (!cycle_momentum) return {};
  return max_momentum - (max_momentum - base_momentum) * height(k);
}
void CyclicLR::check(Loc where) const {
  require(max_lr > 0, "CyclicLR", "max_lr > 0", max_lr, where);
  require(base_lr >= 0, "CyclicLR", "base_lr >= 0", base_lr, where);
  require(step_size_up > 0, "CyclicLR", "step_size_up > 0", real(step_size_up), where);
  require(step_size_down >= 0, "CyclicLR", "step_size_down >= 0", real(step_size_down), where);
}

}  // namespace gradus::optim

// A run with a rising rate, trials at the rates that its curve points to, and the best of them.
#include <gradus/train/find_lr.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include <gradus/ops.hpp>
#include <gradus/tape.hpp>
#include <gradus/train/live_line.hpp>

#include "tape/observers.hpp"

namespace gradus::train {

namespace detail {

Trial::Trial(nn::ModuleBase& net, const std::vector<Tensor>& trained)
    : seed_(default_generator().seed()), counter_(default_generator().counter()) {
  std::vector<Tensor> all = trained;
  for (const auto& [name, tensor] : net.state_dict()) all.push_back(tensor);
  for (const Tensor& t : all) {
    const Tensor g = t.grad();
    numbers_.emplace_back(t, t.detach().clone());
    gradients_.emplace_back(t, g.defined() ? g.detach().clone() : Tensor());
  }
}

void Trial::put_back() {
  for (auto& [tensor, before] : numbers_) tensor.copy_(before);
  for (auto& [tensor, before] : gradients_) tensor.set_grad(before);
  default_generator().reset(seed_, counter_);
}

namespace {

void check(const FindLrOptions& o, Loc where) {
  const bool fine = o.min_lr > 0 && o.max_lr > o.min_lr && std::isfinite(o.max_lr) && o.steps >= 10 && o.stop > 1 &&
                    (o.trial_steps == 0 || o.trial_steps >= 5);
  if (fine) return;
  throw Error("find_lr",
              {.wrong = "an option is out of range",
               .got = fmt::format("min_lr = {}, max_lr = {}, steps = {}, stop = {}, trial_steps = {}", o.min_lr,
                                  o.max_lr, o.steps, o.stop, o.trial_steps),
               .expected = "0 < min_lr < max_lr, 10 steps or more, stop above 1, trial_steps 0 or 5 and more"},
              where);
}

// Each with its neighbours, by weights that fall with the distance. Without a delay, so that a rate keeps its place.
std::vector<double> smooth(const std::vector<double>& loss) {
  constexpr int reach = 6;
  const auto n = static_cast<int>(loss.size());
  std::vector<double> means;
  for (int i = 0; i < n; ++i) {
    double sum = 0;
    double weight = 0;
    for (int k = std::max(0, i - reach); k <= std::min(n - 1, i + reach); ++k) {
      const double w = std::exp(-0.5 * (k - i) * (k - i) / 9.0);
      sum += w * loss[static_cast<std::size_t>(k)];
      weight += w;
    }
    means.push_back(sum / weight);
  }
  return means;
}

// 2/λmax to a few percent, by power iteration; 0 where it does not settle, or is not positive. A rough value is enough
// here, and largest_eigenvalue() is made for an exact one.
double stable_limit(const optim::OptimizerBase& optimizer, const Objective& loss, Loc where) {
  std::vector<Tensor> trained;
  for (const Tensor& p : optimizer.parameters()) {
    if (p.requires_grad()) trained.push_back(p);
  }
  Tape tape;
  const Curvature hessian(tape, Arg(loss(), where), trained);
  const NoRecord pause;
  Tensor v = randn({hessian.size()}, f64);
  double before = 0;
  int settled = 0;
  for (int i = 0; i < 60; ++i) {
    v = v / std::sqrt(square(v).sum().item());
    const Tensor product = hessian.times(v, where);
    const double value = (v * product).sum().item();
    if (!std::isfinite(value)) return 0;
    settled = std::abs(value - before) < 0.02 * std::abs(value) ? settled + 1 : 0;
    if (settled == 3) return value > 0 ? 2 / value : 0;
    before = value;
    v = product;
  }
  return 0;
}

void suggest(FoundLr& found) {
  found.smoothed = smooth(found.loss);
  const auto low =
      static_cast<std::size_t>(std::min_element(found.smoothed.begin(), found.smoothed.end()) - found.smoothed.begin());
  found.lowest = found.lr[low];
  std::size_t steep = 0;
  double most = 0;
  for (std::size_t i = 1; i <= low && i + 1 < found.smoothed.size(); ++i) {
    const double fall = found.smoothed[i - 1] - found.smoothed[i + 1];
    if (fall <= most) continue;
    most = fall;
    steep = i;
  }
  found.steepest = found.lr[steep];
  // Between where the loss falls fastest and where it stops to fall. The factor comes from tools/bench/find_lr.cpp.
  found.suggested = std::min(0.6 * std::sqrt(found.steepest * found.lowest), found.lowest);
}

// The mean loss of the last fifth of a run at this rate; infinite for one that diverges.
double loss_at(double lr, const TrialRun& run, const FindLrOptions& o, Loc where) {
  optim::OptimizerBase& optimizer = run.begin();
  optimizer.set_lr(lr, where);
  const std::int64_t last = o.trial_steps / 5;
  double first = 0;
  double sum = 0;
  for (std::int64_t i = 0; i < o.trial_steps; ++i) {
    optimizer.zero_grad();
    Tape tape;
    const Tensor l = run.next();
    const double loss = l.item(where);
    if (i == 0) first = loss;
    if (!std::isfinite(loss) || loss > first + o.stop * std::abs(first)) return INFINITY;
    if (i >= o.trial_steps - last) sum += loss;
    tape.backward(Arg(l, where));
    optimizer.step(where);
  }
  return sum / static_cast<double>(last);
}

// The curve points to a rate that is too large, by a factor of 1 to 8 where this was tried (tools/bench/find_lr.cpp).
void try_rates(FoundLr& found, const TrialRun& run, const FindLrOptions& o, Loc where) {
  double least = INFINITY;
  int worse = 0;
  double lr = found.lowest;
  for (int i = 0; i < 8 && worse < 2; ++i, lr /= 2) {
    const double loss = loss_at(lr, run, o, where);
    found.tried.push_back(lr);
    found.tried_loss.push_back(loss);
    if (loss < least) {
      least = loss;
      found.suggested = lr;
      worse = 0;
    } else if (std::isfinite(least)) {
      ++worse;
    }
  }
}

}  // namespace

FoundLr find_lr(const TrialRun& run, const FindLrOptions& o, Loc where) {
  check(o, where);
  const gradus::detail::Unobserved trial;  // no training: all that it does is put back
  FoundLr found;
  optim::OptimizerBase& optimizer = run.begin();
  if (o.curvature) found.limit = stable_limit(optimizer, run.first, where);
  const double factor = std::pow(o.max_lr / o.min_lr, 1 / static_cast<double>(o.steps - 1));
  double least = 0;
  for (std::int64_t i = 0; i < o.steps; ++i) {
    const double lr = o.min_lr * std::pow(factor, static_cast<double>(i));
    optimizer.set_lr(lr, where);
    optimizer.zero_grad();
    Tape tape;
    const Tensor l = run.next();
    const double loss = l.item(where);
    if (!std::isfinite(loss)) break;
    found.lr.push_back(lr);
    found.loss.push_back(loss);
    const double recent = smooth(found.loss).back();
    least = i == 0 ? recent : std::min(least, recent);
    if (i > 10 && recent > o.stop * least) break;
    tape.backward(Arg(l, where));
    optimizer.step(where);
  }
  if (found.loss.size() < 3)
    throw Error("find_lr",
                {.wrong = "the loss is not finite from the start",
                 .got = fmt::format("{} steps with a finite loss, from the rate {:g}", found.loss.size(), o.min_lr),
                 .advice = "look at the loss of one batch first; study::guard_nonfinite() names the operation"},
                where);
  suggest(found);
  if (o.trial_steps > 0) try_rates(found, run, o, where);
  return found;
}

}  // namespace detail

std::string FoundLr::text() const {
  std::vector<double> shown = smoothed;  // what explodes would flatten all that is of interest
  for (double& v : shown) v = std::min(v, 1.5 * smoothed.front());
  std::string all = fmt::format("rates {:.1e} to {:.1e}, {} steps\n", lr.front(), lr.back(), lr.size());
  all += fmt::format("loss       {}  {:.3g} to {:.3g}\n", sparkline(shown, 50), smoothed.front(),
                     *std::min_element(smoothed.begin(), smoothed.end()));
  all += fmt::format("suggested  {:.2g}\n", suggested);
  for (std::size_t i = 0; i < tried.size(); ++i)
    all += fmt::format("{}{:.2g}: {:.3g}", i ? ", " : "tried      ", tried[i], tried_loss[i]);
  if (!tried.empty()) all += " (rate: loss at the end of a short run at that rate)\n";
  all += fmt::format("steepest   {:.2g}\n", steepest);
  all += fmt::format("lowest     {:.2g}\n", lowest);
  if (limit > 0) all += fmt::format("2/λmax     {:.2g} (where plain gradient descent becomes unstable)\n", limit);
  return all;
}

}  // namespace gradus::train

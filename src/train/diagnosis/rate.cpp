// LR_LOW, LR_HIGH, DIVERGING, OSCILLATING, NONFINITE: how far steps go.
#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "train/diagnosis/rule.hpp"

namespace gradus::train::diagnosis {
namespace {

// Norm of the update of all parameters / norm of the weights.
double update_ratio(const Look& look) {
  double update = 0;
  double weights = 0;
  for (const ParameterLook& p : look.parameters) {
    if (std::isnan(p.update) || std::isnan(p.norm)) continue;
    update += p.update * p.update;
    weights += p.norm * p.norm;
  }
  return weights > 0 ? std::sqrt(update / weights) : unknown;
}

// The same of the matrices, by the size that such weights have where they keep the size of what they are given, where
// that is larger: what begins at 0 has to rise.
double natural_ratio(const Look& look) {
  double update = 0;
  double weights = 0;
  for (const ParameterLook& p : look.parameters) {
    if (std::isnan(p.update) || std::isnan(p.norm) || p.value.dim() < 2) continue;
    const auto units = static_cast<double>(std::max(p.value.size(0), p.value.size(1)));
    update += p.update * p.update;
    weights += std::max(p.norm * p.norm, 0.25 * units);
  }
  return weights > 0 ? std::sqrt(update / weights) : unknown;
}

// Optimizers that divide a gradient by its own size: each number moves by about the rate, whatever its gradient is.
// What rate suits them follows from the size of the weights, and not from the curvature of the loss.
class OwnScale {
 public:
  void see(const Look& look) {
    static constexpr std::array<std::string_view, 8> all{"Adam",   "AdamW",   "NAdam",   "RAdam",
                                                         "Adamax", "RMSprop", "Adagrad", "Lion"};
    if (!look.close || size_ > 0) return;
    optimizer_ = std::find(all.begin(), all.end(), look.optimizer) != all.end() ? look.optimizer : "";
    double squares = 0;
    double numbers = 0;
    for (const ParameterLook& p : look.parameters) {
      if (std::isnan(p.norm) || p.value.dim() < 2) continue;
      const auto units = static_cast<double>(std::max(p.value.size(0), p.value.size(1)));
      squares += std::max(p.norm * p.norm, 0.25 * units);  // as in natural_ratio()
      numbers += static_cast<double>(p.value.numel());
    }
    if (numbers > 0) size_ = std::sqrt(squares / numbers);
  }
  // Does this say more than the curvature does? Only if the rate is larger than what suits.
  bool speaks(double lr) const { return !optimizer_.empty() && size_ > 0 && lr > 2 * rate(); }
  bool rules() const { return !optimizer_.empty(); }
  double rate() const { return share * size_; }
  std::string advice() const {
    return fmt::format(
        "a rate near {:.1g}: a step of {} moves each number by about the rate, whatever its gradient is, "
        "and {:.2g} of the size that the weights began with ({:.2g}, a root mean square) is usual; "
        "train::find_lr looks for one",
        rate(), optimizer_, share, size_);
  }

 private:
  static constexpr double share = 5e-3;  // between a thousandth and a hundredth: CS231n
  std::string optimizer_;
  double size_ = 0;
};

std::string shown(double x) { return fmt::format("{:.3g}", x); }

class LrLow final : public Rule {
  static constexpr double least = 1e-5;  // a hundredth of what CS231n calls low
  const char* code() const override { return "LR_LOW"; }
  void see(const Look& look, const Chart&) override {
    if (!look.close) return;
    const double ratio = update_ratio(look);
    if (!std::isfinite(ratio)) return;
    ++looks_;
    if (look.step > 2) most_ = std::max(most_, ratio);
    if (look.step > 2) ratios_.push_back(ratio);
    double squares = 0;
    for (const ParameterLook& p : look.parameters) {
      if (!std::isnan(p.used_norm)) squares += p.used_norm * p.used_norm;
    }
    gradient_ = std::sqrt(squares);
  }
  std::optional<Diagnosis> judge(const Chart& chart, bool last) const override {
    if (ratios_.size() < 5 || (chart.steps < 40 && !last) || chart.steps < 15) return {};
    if (chart.others || most_ > 3 * least || median(ratios_) > least || !(gradient_ > 0)) return {};
    if (chart.lr > 1.01 * chart.lr_before) return {};                      // it still warms up
    if (chart.positive && chart.level() < 0.9 * chart.start()) return {};  // it gets somewhere
    const double base = chart.baseline();
    if (base > 0 && chart.level() < 0.2 * base) return {};  // it has arrived already
    const double ratio = median(ratios_);
    std::string advice = "a rate a thousand times as large, or train::find_lr";
    if (ratio > 0)
      advice = fmt::format(
          "a rate near {:.1g}: steps of a thousandth of the weights are usual; train::find_lr "
          "looks for one",
          chart.lr * std::min(1e-3 / ratio, 1e6));
    return Diagnosis{
        .code = code(),
        .step = chart.steps,
        .evidence = fmt::format("a step changes the weights by {:.1e} of their size (rate {:.3g}); after {} "
                                "steps the loss is {:.4g}, it began at {:.4g}",
                                ratio, chart.lr, chart.steps, chart.level(), chart.start()),
        .advice = advice,
        .numbers = {{"update_ratio", ratio}, {"lr", chart.lr}}};
  }
  std::int64_t looks_ = 0;
  double most_ = 0, gradient_ = 0;
  std::vector<double> ratios_;
};

class LrHigh final : public Rule {
  static constexpr double most = 0.1;
  const char* code() const override { return "LR_HIGH"; }
  void see(const Look& look, const Chart&) override {
    if (!look.close) return;
    own_.see(look);
    const double ratio = natural_ratio(look);
    if (std::isnan(ratio)) return;
    if (early_.size() < 10) early_.push_back(ratio);
    late_.push_back(ratio);
    if (late_.size() > 10) late_.erase(late_.begin());
  }
  std::optional<Diagnosis> judge(const Chart& chart, bool last) const override {
    if (late_.size() < 5 || chart.steps < 10 || (chart.steps < 40 && !last) || !chart.positive) return {};
    const double early = median(early_);
    const double late = median(late_);
    const double level = chart.level();
    // On the same examples it may be OSCILLATING, which is certain later.
    if (chart.same_batch && level < chart.first && chart.steps < 64 && !last) return {};
    const bool stays = late > most && level > 0.7 * chart.first;
    const bool blown = early > most && late > 1e-6 && level > 0.8 * chart.first;
    const bool thrown = early > 3 * most && level > 0.8 * chart.first;  // far away, where no gradient is left
    if (chart.others ? !(late > 3 * most && early > 3 * most) : !stays && !blown && !thrown) return {};
    const double ratio = std::max(early, late);
    return Diagnosis{
        .code = code(),
        .step = chart.steps,
        .evidence = fmt::format("a step changes the weights by {:.2g} of their size (rate {:.3g}), and after "
                                "{} steps the loss is {:.4g}, it began at {:.4g}",
                                ratio, chart.lr, chart.steps, level, chart.first),
        .advice = own_.speaks(chart.lr)
                      ? own_.advice()
                      : fmt::format("a rate near {:.1g}: steps of a thousandth to a hundredth of the weights are "
                                    "usual; train::find_lr looks for one",
                                    chart.lr * 5e-3 / ratio),
        .numbers = {{"update_ratio", ratio}, {"lr", chart.lr}, {"of_first", level / chart.first}}};
  }
  std::vector<double> early_, late_;
  OwnScale own_;
};

class Diverging final : public Rule {
  static constexpr double limit = 3;
  const char* code() const override { return "DIVERGING"; }
  void see(const Look& look, const Chart& chart) override {
    own_.see(look);
    if (!std::isnan(look.curvature)) curvature_ = look.curvature;
    if (!std::isfinite(look.loss)) return;
    const bool above = chart.positive && look.loss > limit * std::max(chart.first, chart.start());
    running_ = above ? running_ + 1 : 0;
    grown_ = look.loss > before_ ? grown_ + 1 : 0;
    before_ = look.loss;
    if (chart.nonfinite_at == 0) lr_ = look.lr;
  }
  std::optional<Diagnosis> judge(const Chart& chart, bool last) const override {
    if (chart.recent.empty() || chart.steps < 2) return {};
    const double now = chart.recent.back();
    // A run that goes on from trained weights begins low: what is better than a constant answer is not lost.
    const double base = chart.baseline();
    const bool better = base > 0 && now < base;
    // With small steps a loss that began at its lowest rises to what their noise allows.
    const bool gentle = curvature_ > 0 && lr_ * curvature_ < 0.2;
    const bool lost = !better && !gentle;
    const bool far = now > 1e4 * std::max(chart.first, 1e-30) && running_ >= 2 && !better;
    const bool stays = running_ >= (last ? 5 : 20) && now > 0.3 * chart.top && lost;
    const bool rises = last && running_ >= 2 && now >= 0.9 * chart.top && grown_ >= 2 && lost;
    const bool to_infinity = chart.nonfinite_at > 1 && (running_ >= 1 || grown_ >= 4) && chart.top > 1.5 * chart.first;
    if (!chart.positive || chart.others ? !(chart.others && far && to_infinity)
                                        : !far && !stays && !rises && !to_infinity)
      return {};
    Diagnosis d{.code = code(), .step = chart.steps};
    d.evidence = fmt::format("the loss began at {} and is {} after {} steps", shown(chart.first),
                             chart.nonfinite_at > 0 ? "not finite" : shown(now), chart.steps);
    if (curvature_ > 0 && !own_.rules()) {
      d.evidence += fmt::format(
          "; the largest curvature λmax of the loss on a batch is {}: plain gradient descent is "
          "stable below 2/λmax = {}, and the rate is {}",
          shown(curvature_), shown(2 / curvature_), shown(lr_));
      d.numbers = {{"lambda_max", curvature_}, {"limit", 2 / curvature_}};
    } else {
      d.evidence += fmt::format("; the rate is {}", shown(lr_));
    }
    d.numbers.insert(d.numbers.end(), {{"first", chart.first}, {"loss", now}, {"lr", lr_}});
    d.advice = own_.speaks(lr_) ? own_.advice()
               : curvature_ > 0 && 2 / curvature_ < lr_ && !own_.rules()
                   ? fmt::format("a rate below {:.1g}, or clipped gradients", 1 / curvature_)
                   : "a rate a tenth as large, warm-up, or clipped gradients";
    return d;
  }
  double curvature_ = unknown, before_ = unknown, lr_ = unknown;
  int running_ = 0, grown_ = 0;
  OwnScale own_;
};

class Oscillating final : public Rule {
  static constexpr double swing = 1.1;                    // a rise and a fall by this factor
  static constexpr int most = 6;                          // of them in 60 steps
  static constexpr double opposite = -0.7, large = 0.03;  // cosine of steps that follow each other; their size
  static constexpr const char* advice = "half the rate, or less momentum: the steps jump over the valley";
  const char* code() const override { return "OSCILLATING"; }
  void see(const Look& look, const Chart&) override {
    own_.see(look);
    if (look.step <= 8) return;
    for (const ParameterLook& p : look.parameters) {
      if (std::isnan(p.turn) || p.value.dim() < 2) continue;
      turns_.push_back(p.turn);
      if (turns_.size() > 16) turns_.erase(turns_.begin());
    }
    const double ratio = look.close ? update_ratio(look) : unknown;
    if (std::isfinite(ratio)) sizes_.push_back(ratio);
    if (sizes_.size() > 8) sizes_.erase(sizes_.begin());
  }
  std::optional<Diagnosis> judge(const Chart& chart, bool last) const override {
    if (!chart.same_batch || !chart.positive || chart.others || chart.recent.size() < (last ? 30u : 60u)) return {};
    const std::vector<double> losses(
        chart.recent.end() - std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(chart.recent.size()), 60),
        chart.recent.end());
    const std::size_t half = losses.size() / 2;
    const double before = median({losses.begin(), losses.begin() + static_cast<std::ptrdiff_t>(half)});
    const double after = median({losses.begin() + static_cast<std::ptrdiff_t>(half), losses.end()});
    const double base = chart.baseline();
    if (after < 0.8 * before || after < 0.1 * chart.first || (base > 0 && after < 0.1 * base)) return {};
    int swings = 0;
    bool rising = true;
    double turn = losses[0];
    double up = 0;
    for (const double loss : losses) {
      if (rising ? loss > turn : loss < turn) turn = loss;
      if (rising ? turn < swing * loss : loss < swing * turn) continue;
      swings += rising;
      up = std::max(up, rising ? turn / loss : loss / turn);
      rising = !rising;
      turn = loss;
    }
    // Two places on both sides of a valley may be as high as each other: then the loss says nothing, the steps do.
    const bool back = turns_.size() >= 3 && median(turns_) < opposite && median(sizes_) > large;
    const bool swinging = swings >= most * static_cast<int>(losses.size()) / 60;
    if (!swinging && !back) return {};
    if (!swinging) return turning_back(chart, before, after);
    return Diagnosis{.code = code(),
                     .step = chart.steps,
                     .evidence = fmt::format("on the same examples the loss rose and fell {} times in {} steps, by a "
                                             "factor of up to {:.2g}, and came no lower: {:.4g} before, {:.4g} after "
                                             "(rate {:.3g}{})",
                                             swings, losses.size(), up, before, after, chart.lr,
                                             turns_.empty() ? ""
                                                            : fmt::format("; cosine of updates that follow each "
                                                                          "other {:.2f}",
                                                                          median(turns_))),
                     .advice = own_.speaks(chart.lr) ? own_.advice() : advice,
                     .numbers = {{"swings", static_cast<double>(swings)}, {"lr", chart.lr}}};
  }
  Diagnosis turning_back(const Chart& chart, double before, double after) const {
    return {
        .code = code(),
        .step = chart.steps,
        .evidence = fmt::format("on the same examples each step takes back the one before (cosine {:.2f}), and changes "
                                "the weights by {:.2g} of their size; the loss comes no lower: {:.4g} before, {:.4g} "
                                "after (rate {:.3g})",
                                median(turns_), median(sizes_), before, after, chart.lr),
        .advice = own_.speaks(chart.lr) ? own_.advice() : advice,
        .numbers = {{"cosine", median(turns_)}, {"update_ratio", median(sizes_)}, {"lr", chart.lr}}};
  }
  std::vector<double> turns_, sizes_;
  OwnScale own_;
};

class Nonfinite final : public Rule {
  const char* code() const override { return "NONFINITE"; }
  void see(const Look& look, const Chart& chart) override {
    if (found_ || (!look.nonfinite && chart.nonfinite_at == 0)) return;
    found_ = look.nonfinite.value_or(NonfiniteLook{});
    step_ = look.step;
    loss_ = look.loss;
  }
  std::optional<Diagnosis> judge(const Chart&, bool) const override {
    if (!found_) return {};
    Diagnosis d{.code = code(), .step = step_, .layer = found_->layer, .at = found_->at};
    d.evidence = found_->what.empty() ? fmt::format("the loss is {}", loss_)
                                      : fmt::format("the first number that is not finite is in {}", found_->what);
    d.advice =
        "log, sqrt and divisions near 0 (add a small number, or clamp), exp of large numbers, NaN in the data; "
        "study::guard_nonfinite() stops there and shows the inputs";
    return d;
  }
  std::optional<NonfiniteLook> found_;
  std::int64_t step_ = 0;
  double loss_ = unknown;
};

}  // namespace

void add_rate_rules(Rules& to) {
  to.push_back(std::make_unique<Diverging>());
  to.push_back(std::make_unique<Nonfinite>());
  to.push_back(std::make_unique<LrHigh>());
  to.push_back(std::make_unique<LrLow>());
  to.push_back(std::make_unique<Oscillating>());
}

}  // namespace gradus::train::diagnosis

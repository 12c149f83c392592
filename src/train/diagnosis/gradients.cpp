// VANISHING, EXPLODING, STALE_GRAD, NO_GRAD, CLIP_ALWAYS: what gradients do on their way.
#include <algorithm>
#include <cmath>
#include <map>

#include "train/diagnosis/rule.hpp"

namespace gradus::train::diagnosis {
namespace {

constexpr std::size_t deep = 4;  // layers: with fewer there is no way to vanish on

// How the gradient of the layers' outputs changes on its way from the last layer to the first.
struct Way {
  std::vector<double> sizes;  // from the first layer to the last
  double factor = unknown;    // a layer, backwards
  double total = unknown;     // first by last
  bool even = false;          // no single layer does most of it
};

Way way_of(const std::vector<LayerLook>& layers, double LayerLook::*size) {
  Way way;
  for (const LayerLook& l : layers) {
    if (!std::isnan(l.*size)) way.sizes.push_back(l.*size);
  }
  if (way.sizes.size() < deep || !(way.sizes.back() > 0)) return way;
  way.total = way.sizes.front() / way.sizes.back();
  const double steps = static_cast<double>(way.sizes.size() - 1);
  way.factor = std::pow(way.total, 1 / steps);
  const double all = std::abs(std::log(way.total));
  double largest = 0;
  for (std::size_t i = 0; i + 1 < way.sizes.size(); ++i)
    largest = std::max(largest, std::abs(std::log(way.sizes[i] / way.sizes[i + 1])));
  way.even = way.total == 0 ? way.sizes.size() > 8 : largest <= 0.6 * all;
  return way;
}

double gradient_of(const Look& look, const std::string& name) {
  for (const ParameterLook& p : look.parameters) {
    if (p.name == name) return p.grad_norm;
  }
  return unknown;
}

double weight_of(const Look& look, const std::string& name) {
  for (const ParameterLook& p : look.parameters) {
    if (p.name == name) return p.norm;
  }
  return unknown;
}

class Vanishing final : public Rule {
  static constexpr double ratio = 1e-3, least = 1e-4;  // AutoTrainer
  const char* code() const override { return "VANISHING"; }
  void see(const Look& look, const Chart& chart) override {
    if (!look.close || look.layers.size() < deep || look.recorded) return;
    const Way way = way_of(look.layers, &LayerLook::most);
    const double first = gradient_of(look, look.layers.front().name);
    const double last = gradient_of(look, look.layers.back().name);
    // Where values shrink on their way too, the last gradients are as small as the first.
    const bool tiny = first < ratio * last || first < least * weight_of(look, look.layers.front().name);
    const bool small = way.total < ratio && way.even && tiny;
    running_ = small ? running_ + 1 : 0;
    if (!small) return;
    way_ = way;
    first_ = look.layers.front();
    last_ = look.layers.back().name;
    step_ = chart.steps;
  }
  std::optional<Diagnosis> judge(const Chart& chart, bool last) const override {
    if (running_ < 3 || chart.well() || (chart.steps < 10 && !last)) return {};
    return Diagnosis{
        .code = code(),
        .step = step_,
        .layer = first_.name,
        .evidence =
            fmt::format("on its way back through {} layers the gradient is multiplied by {:.2g} a layer: it is "
                        "{:.2g} at {} and {:.2g} at {}",
                        way_.sizes.size(), way_.factor, way_.sizes.back(), last_, way_.sizes.front(), first_.name),
        .advice =
            "relu (or gelu) with He initialisation in place of sigmoid or tanh, normalisation layers, residual "
            "connections, or fewer layers",
        .numbers = {{"factor", way_.factor}, {"first", way_.sizes.front()}, {"last", way_.sizes.back()}},
        .at = first_.at};
  }
  int running_ = 0;
  Way way_;
  LayerLook first_;
  std::string last_;
  std::int64_t step_ = 0;
};

class Exploding final : public Rule {
  static constexpr double ratio = 70;  // AutoTrainer
  const char* code() const override { return "EXPLODING"; }

  void see(const Look& look, const Chart& chart) override {
    if (!look.close || look.layers.empty() || found_ || chart.steps > 20) return;
    const bool normed = std::any_of(look.layers.begin(), look.layers.end(), [](const auto& l) { return l.normed; });
    if (!normed && !look.recorded) {
      see_depth(look);
      see_time(look);
    }
  }
  // Through the layers, backwards or forwards.
  void see_depth(const Look& look) {
    const Way back = way_of(look.layers, &LayerLook::most);
    std::vector<LayerLook> turned(look.layers.rbegin(), look.layers.rend());
    const Way forth = way_of(turned, &LayerLook::output);  // the last by the first
    const double size = relative(look, look.layers.front().name);
    const bool harmful = size > 1;
    if (back.total > ratio && back.even && back.factor > 1.5 && harmful) {
      found_ = Diagnosis{.evidence = fmt::format("on its way back through {} layers the gradient is multiplied by "
                                                 "{:.2g} a layer; at {} it is {:.2g} times the weights",
                                                 back.sizes.size(), back.factor, look.layers.front().name, size),
                         .numbers = {{"factor", back.factor}, {"ratio", back.total}}};
    } else if (forth.total > ratio && forth.even && forth.factor > 1.5 && (harmful || look.nonfinite)) {
      found_ = Diagnosis{.evidence = fmt::format("from the first to the last of {} layers the values grow by {:.2g} a "
                                                 "layer, and so do the gradients",
                                                 forth.sizes.size(), forth.factor),
                         .numbers = {{"factor", forth.factor}, {"ratio", forth.total}}};
    }
    if (!found_) return;
    found_->layer = look.layers.front().name;
    found_->at = look.layers.front().at;
    found_->step = look.step;
  }
  // Through the steps of a recurrent network.
  void see_time(const Look& look) {
    for (const LayerLook& l : look.layers) {
      if (found_ || l.uses < 8 || !(l.last > 0)) continue;
      const double total = l.first / l.last;
      const double factor = std::pow(total, 1 / static_cast<double>(l.uses - 1));
      if (!(total > 1000 && factor > 1.2) || !(relative(look, l.name) > 1)) continue;
      found_ = Diagnosis{.step = look.step,
                         .layer = l.name,
                         .evidence = fmt::format("through the {} uses of this weight the gradient grows by {:.2g} each "
                                                 "time, to {:.2g} times its size",
                                                 l.uses, factor, total),
                         .numbers = {{"factor", factor}, {"ratio", total}},
                         .at = l.at};
    }
  }
  static double relative(const Look& look, const std::string& name) {
    for (const ParameterLook& p : look.parameters) {
      if (p.name == name && p.norm > 0) return p.grad_norm / p.norm;
    }
    return unknown;
  }
  std::optional<Diagnosis> judge(const Chart& chart, bool last) const override {
    if (!found_ || (chart.steps < 3 && !last) || (chart.well() && chart.steps >= 10)) return {};
    Diagnosis d = *found_;
    d.code = code();
    d.advice =
        "smaller initial weights (He: a deviation of sqrt(2 / inputs); orthogonal for recurrent weights), "
        "normalisation layers, or optim::clip_grad_norm with a limit near the usual norm";
    return d;
  }
  std::optional<Diagnosis> found_;
};

class StaleGrad final : public Rule {
  const char* code() const override { return "STALE_GRAD"; }
  void see(const Look& look, const Chart&) override {
    if (!look.close || look.parameters.empty()) return;
    double part = 0;
    double all = 0;
    bool any = false;
    for (const ParameterLook& p : look.parameters) {
      if (!p.stale) continue;
      any = true;
      part += p.stale_norm * p.stale_norm;
      all += p.used_norm * p.used_norm;
      if (name_.empty()) {
        name_ = p.name;
        at_ = p.at;
      }
    }
    running_ = any ? running_ + 1 : 0;
    if (!any) return;
    part_ = std::sqrt(part);
    all_ = std::sqrt(all);
  }
  std::optional<Diagnosis> judge(const Chart& chart, bool) const override {
    if (running_ < 3) return {};
    return Diagnosis{
        .code = code(),
        .step = chart.steps,
        .layer = name_,
        .evidence = fmt::format("{} steps in a row used gradients that still held those of the step before: "
                                "a norm of {:.3g} was there before the walk, {:.3g} after it",
                                running_, part_, all_),
        .advice =
            "call opt.zero_grad() after each opt.step(). Without it all past gradients add up, which "
            "is momentum that never decays",
        .numbers = {{"steps", static_cast<double>(running_)}, {"before", part_}, {"after", all_}},
        .at = at_};
  }
  int running_ = 0;
  double part_ = 0, all_ = 0;
  std::string name_;
  SourceLine at_;
};

class NoGrad final : public Rule {
  const char* code() const override { return "NO_GRAD"; }
  void see(const Look& look, const Chart&) override {
    if (!look.close || look.parameters.empty()) return;
    lost_.clear();
    given_ = 0;
    for (const ParameterLook& p : look.parameters) {
      given_ += p.walks > 0;
      if (p.walks == 0 && p.steps >= 5) lost_.push_back(p);
    }
  }
  std::optional<Diagnosis> judge(const Chart& chart, bool) const override {
    if (lost_.empty() || given_ == 0) return {};
    const ParameterLook& p = lost_.front();
    std::string evidence = fmt::format("in {} steps no walk gave a gradient to {}", p.steps, p.name);
    if (lost_.size() > 1) evidence += fmt::format(" and {} other parameters", lost_.size() - 1);
    SourceLine at = p.at;
    if (!p.on_tape) {
      evidence += ": no recorded operation reads it";
    } else {
      evidence += fmt::format(": the path from it ends at '{}'", p.path_end.empty() ? "leaf" : p.path_end);
      if (p.path_end_at.line > 0) at = p.path_end_at;
      if (at.line > 0) evidence += fmt::format(", {}:{}", at.file.substr(at.file.rfind('/') + 1), at.line);
      evidence += ", whose result does not reach the loss as part of the tape";
    }
    return Diagnosis{
        .code = code(),
        .step = chart.steps,
        .layer = p.name,
        .evidence = evidence,
        .advice =
            "use it in the forward pass, and look behind that place for detach(), item(), argmax, "
            "to(i64) or NoRecord; if it should stay as it is, requires_grad_(false) says so",
        .numbers = {{"parameters", static_cast<double>(lost_.size())}, {"steps", static_cast<double>(p.steps)}},
        .at = at};
  }
  std::vector<ParameterLook> lost_;
  std::int64_t given_ = 0;
};

class ClipAlways final : public Rule {
  static constexpr double share = 0.9, strong = 0.25;
  const char* code() const override { return "CLIP_ALWAYS"; }
  void see(const Look& look, const Chart&) override {
    if (!look.close || look.parameters.empty()) return;
    double walked = 0;
    double used = 0;
    for (const ParameterLook& p : look.parameters) {
      if (std::isnan(p.grad_norm)) continue;
      walked += p.grad_norm * p.grad_norm;
      used += p.used_norm * p.used_norm;
    }
    if (!(walked > 0) || !std::isfinite(walked)) return;
    ++looks_;
    const double factor = std::sqrt(used / walked);
    if (factor > 0.999) return;
    factors_.push_back(factor);
    norms_.push_back(std::sqrt(walked));
    limits_.push_back(std::sqrt(used));
  }
  std::optional<Diagnosis> judge(const Chart& chart, bool last) const override {
    if (looks_ < 10 || (chart.steps < 50 && !last)) return {};
    const auto clipped = static_cast<double>(factors_.size());
    if (clipped < share * static_cast<double>(looks_)) return {};
    const double factor = median(factors_);
    const auto [low, high] = std::minmax_element(factors_.begin(), factors_.end());
    if (factor > strong || *high - *low < 1e-3 * *high) return {};  // the same factor each time: gradients are scaled
    const double limit = median(limits_);
    return Diagnosis{
        .code = code(),
        .step = chart.steps,
        .evidence = fmt::format("{:.0f} % of the measured steps were clipped, in the median to {:.2g} of the "
                                "gradient: its norm is {:.2g}, the limit about {:.2g}",
                                100 * clipped / static_cast<double>(looks_), factor, median(norms_), limit),
        .advice = fmt::format("a limit that cuts off outliers only, near {:.2g}; or find out why the "
                              "gradients are so large",
                              3 * median(norms_)),
        .numbers = {{"share", clipped / static_cast<double>(looks_)},
                    {"factor", factor},
                    {"norm", median(norms_)},
                    {"limit", limit}}};
  }
  std::int64_t looks_ = 0;
  std::vector<double> factors_, norms_, limits_;
};

}  // namespace

void add_gradient_rules(Rules& to) {
  to.push_back(std::make_unique<Exploding>());
  to.push_back(std::make_unique<Vanishing>());
  to.push_back(std::make_unique<StaleGrad>());
  to.push_back(std::make_unique<NoGrad>());
  to.push_back(std::make_unique<ClipAlways>());
}

}  // namespace gradus::train::diagnosis

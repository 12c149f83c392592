// DEAD_RELU, SATURATED, SYMMETRIC: units that do not work.
#include <algorithm>
#include <cmath>
#include <map>

#include "train/diagnosis/measure.hpp"
#include "train/diagnosis/rule.hpp"

namespace gradus::train::diagnosis {
namespace {

class DeadRelu final : public Rule {
  static constexpr double most = 0.7;     // AutoTrainer
  static constexpr double suspect = 0.5;  // where the loss does not come down
  const char* code() const override { return "DEAD_RELU"; }
  void see(const Look& look, const Chart&) override {
    if (!look.close) return;
    seen_ = {};
    for (const UnitLook& u : look.units) {
      if (u.op != "relu" || std::isnan(u.dead)) continue;
      if (look.step <= 2 && u.dead >= suspect) early_.insert({u.name, u.dead});
      const bool enough = u.examples >= 128 || u.looks >= 20;
      if (!enough || u.looks < 5) continue;
      if (u.units < 8 && u.dead < 1) continue;
      if (!seen_ || u.dead > seen_->dead) seen_ = u;
    }
    running_ = seen_ && seen_->dead >= suspect ? running_ + 1 : 0;
    step_ = look.step;
  }
  std::optional<Diagnosis> judge(const Chart& chart, bool last) const override {
    if (!seen_ || running_ < 2) return {};
    if (seen_->dead < (chart.well() ? most : suspect)) return {};
    // Those that died on the way may be killed by what has another name.
    const bool from_start = early_.contains(seen_->name);
    if (!from_start && chart.steps < 30 && !last) return {};
    return Diagnosis{.code = code(),
                     .step = step_,
                     .layer = seen_->name,
                     .evidence = fmt::format("{:.0f} % of the {} units are 0 for each of {} examples{}: they get no "
                                             "gradient, so they stay so",
                                             100 * seen_->dead, seen_->units, seen_->examples,
                                             from_start ? ", from the first step on" : ""),
                     .advice =
                         "biases that start at 0 or above, He initialisation, a smaller rate; leaky_relu or gelu "
                         "keep a gradient below 0",
                     .numbers = {{"dead", seen_->dead},
                                 {"units", static_cast<double>(seen_->units)},
                                 {"from_start", from_start ? 1.0 : 0.0}},
                     .at = seen_->at};
  }
  std::optional<UnitLook> seen_;
  std::map<std::string, double> early_;
  int running_ = 0;
  std::int64_t step_ = 0;
};

class Saturated final : public Rule {
  static constexpr double most = 0.5;  // makemore part 3
  const char* code() const override { return "SATURATED"; }
  void see(const Look& look, const Chart&) override {
    if (!look.close) return;
    for (const UnitLook& u : look.units) {
      if (!u.hidden || std::isnan(u.saturated)) continue;
      Seen& s = all_[u.name];
      s.unit = u;
      ++s.looks;
      s.running = u.saturated > most ? s.running + 1 : 0;
      s.step = look.step;
    }
  }
  std::optional<Diagnosis> judge(const Chart& chart, bool last) const override {
    for (const auto& [name, s] : all_) {
      const bool from_start = s.running >= 4 && s.running == s.looks;
      const bool later = s.running >= 4 && !chart.well() && (chart.steps >= 40 || last);
      if (!from_start && !later) continue;
      return Diagnosis{
          .code = code(),
          .step = s.step,
          .layer = name,
          .evidence = fmt::format("{:.0f} % of the values of this {} are at its flat ends{}, where the "
                                  "derivative is below {}",
                                  100 * s.unit.saturated, s.unit.op, from_start ? ", from the first step on" : "",
                                  s.unit.op == "tanh" ? "0.06" : "0.015"),
          .advice =
              "smaller initial weights in the layer before (Xavier: a deviation of sqrt(1 / inputs)), "
              "scaled inputs, or a normalisation layer before it",
          .numbers = {{"saturated", s.unit.saturated}},
          .at = s.unit.at};
    }
    return {};
  }
  struct Seen {
    UnitLook unit;
    int looks = 0, running = 0;
    std::int64_t step = 0;
  };
  std::map<std::string, Seen> all_;
};

class Symmetric final : public Rule {
  static constexpr double share = 0.5;
  const char* code() const override { return "SYMMETRIC"; }
  void see(const Look& look, const Chart&) override {
    if (!look.close || look.step < 3 || look.step > 20 || looks_ >= 3 || look.layers.size() < 2) return;
    ++looks_;
    bool any = false;
    for (std::size_t i = 0; i + 1 < look.layers.size(); ++i) {
      const LayerLook& l = look.layers[i];
      if (!l.weight.defined() || !is_trained(look, l.name)) continue;
      const double twin = twins(l.weight, l.units_are_rows);
      if (twin < share) continue;
      any = true;
      if (found_ && found_->name != l.name) continue;
      found_ = l;
      share_ = twin;
      step_ = look.step;
      break;
    }
    running_ = any ? running_ + 1 : 0;
  }
  static bool is_trained(const Look& look, const std::string& name) {
    return std::any_of(look.parameters.begin(), look.parameters.end(),
                       [&](const ParameterLook& p) { return p.name == name && p.walks > 0; });
  }
  std::optional<Diagnosis> judge(const Chart&, bool) const override {
    if (running_ < 2) return {};
    return Diagnosis{
        .code = code(),
        .step = step_,
        .layer = found_->name,
        .evidence = fmt::format("after {} steps {:.0f} % of the units of this layer still have the weights of "
                                "another: they get the same gradients and learn the same",
                                step_, 100 * share_),
        .advice = "random initial weights, as the layers have by themselves, or nn::init::kaiming_uniform_",
        .numbers = {{"share", share_}},
        .at = found_->at};
  }
  std::optional<LayerLook> found_;
  int running_ = 0, looks_ = 0;
  double share_ = 0;
  std::int64_t step_ = 0;
};

}  // namespace

void add_unit_rules(Rules& to) {
  to.push_back(std::make_unique<Symmetric>());
  to.push_back(std::make_unique<Saturated>());
  to.push_back(std::make_unique<DeadRelu>());
}

}  // namespace gradus::train::diagnosis

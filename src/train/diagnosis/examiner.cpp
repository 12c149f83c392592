// Which diagnosis explains which, and when each is told.
#include "train/diagnosis/examiner.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace gradus::train::diagnosis {
namespace {

struct Cause {
  std::string_view code, explains;
};

// A cause and what follows from it. src/train/DIAGNOSES.md says why.
constexpr std::array causes{
    Cause{"INPUT_SCALE",
          "BAD_START SATURATED EXPLODING VANISHING DIVERGING NONFINITE LR_HIGH LR_LOW OSCILLATING "
          "DEAD_RELU UNDERFIT CLIP_ALWAYS"},
    Cause{"EXPLODING",
          "BAD_START DIVERGING NONFINITE LR_HIGH LR_LOW OSCILLATING UNDERFIT CLIP_ALWAYS SATURATED DEAD_RELU"},
    Cause{"STALE_GRAD", "DIVERGING NONFINITE LR_HIGH OSCILLATING UNDERFIT CLIP_ALWAYS DEAD_RELU SATURATED"},
    Cause{"DIVERGING", "NONFINITE LR_HIGH OSCILLATING UNDERFIT CLIP_ALWAYS DEAD_RELU SATURATED"},
    Cause{"NONFINITE", "LR_LOW LR_HIGH OSCILLATING UNDERFIT OVERFIT CLIP_ALWAYS DEAD_RELU SATURATED VANISHING"},
    Cause{"DOUBLE_SOFTMAX", "UNDERFIT LR_LOW VANISHING OSCILLATING"},
    Cause{"SYMMETRIC", "UNDERFIT VANISHING DEAD_RELU LR_LOW LR_HIGH OSCILLATING SATURATED"},
    Cause{"SATURATED", "VANISHING UNDERFIT LR_LOW BAD_START EXPLODING"},
    Cause{"LR_HIGH", "OSCILLATING UNDERFIT SATURATED CLIP_ALWAYS"},
    Cause{"DEAD_RELU", "VANISHING UNDERFIT LR_LOW"},
    Cause{"NO_GRAD", "UNDERFIT VANISHING LR_LOW"},
    Cause{"VANISHING", "UNDERFIT LR_LOW"},
    Cause{"LR_LOW", "UNDERFIT"},
    Cause{"CLIP_ALWAYS", "UNDERFIT LR_LOW"},
    Cause{"OSCILLATING", "UNDERFIT"},
    Cause{"SHUFFLE_OFF", "OSCILLATING UNDERFIT OVERFIT DIVERGING LR_HIGH"},
    Cause{"LABEL_NOISE", "UNDERFIT OVERFIT"},
    Cause{"BAD_START", "UNDERFIT"},
};

// Of LR_HIGH: the loss by the first loss.
double level_of(const Diagnosis& d) {
  for (const auto& [name, value] : d.numbers) {
    if (name == "of_first") return value;
  }
  return 0;
}

bool explained(const std::vector<Diagnosis>& found, const Diagnosis& d) {
  return std::any_of(found.begin(), found.end(), [&](const Diagnosis& cause) {
    if (cause.code == "LR_HIGH" && d.code == "DEAD_RELU") {
      // Units that were dead before the first step were not killed by it.
      return std::none_of(d.numbers.begin(), d.numbers.end(),
                          [](const auto& n) { return n.first == "from_start" && n.second > 0; });
    }
    if (cause.code == "DEAD_RELU" && d.code == "LR_HIGH") {
      return std::any_of(cause.numbers.begin(), cause.numbers.end(),
                         [](const auto& n) { return n.first == "from_start" && n.second > 0; });
    }
    // Both are there: what swings around a loss that is no lower than the first one is lost, not in a valley.
    if (cause.code == "LR_HIGH" && d.code == "OSCILLATING") return level_of(cause) >= 1;
    if (cause.code == "OSCILLATING" && d.code == "LR_HIGH") return level_of(d) < 1;
    return explains(cause.code, d.code);
  });
}

}  // namespace

bool explains(std::string_view cause, std::string_view code) {
  for (const Cause& c : causes) {
    if (c.code != cause) continue;
    std::string_view rest = c.explains;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      if (rest.substr(0, end) == code) return true;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return false;
}

Examiner::Examiner() {
  add_data_rules(rules_);
  add_gradient_rules(rules_);
  add_unit_rules(rules_);
  add_loss_rules(rules_);
  add_rate_rules(rules_);
  add_fit_rules(rules_);
}

void Examiner::step(Look look) {
  if (look.asked) {
    had_curvature_ = true;
    wants_curvature_ = false;
  }
  chart_.add(look);
  for (const auto& rule : rules_) rule->see(look, chart_);
  const bool odd = look.told && (!std::isfinite(look.loss) || look.loss > 1.5 * chart_.first);
  if (odd && chart_.steps > 1 && !had_curvature_) wants_curvature_ = true;
  if (look.close || odd || look.step % 16 == 0) judge();
}

void Examiner::epoch(const EpochLook& epoch) {
  chart_.add(epoch);
  for (const auto& rule : rules_) rule->see(epoch, chart_);
  judge();
}

void Examiner::examples(const Batch& batch) {
  for (const auto& rule : rules_) rule->see(batch);
}

void Examiner::held_out(const Tensor& x) {
  for (const auto& rule : rules_) rule->held_out(x);
}

void Examiner::judge() {
  std::vector<Diagnosis> now = found_;
  for (const auto& rule : rules_) {
    if (told_.contains(rule->code())) continue;
    if (auto d = rule->judge(chart_, false)) now.push_back(std::move(*d));
  }
  for (Diagnosis& d : now) {
    if (told_.contains(d.code) || explained(now, d)) continue;
    told_.insert(d.code);
    found_.push_back(d);
    fresh_.push_back(d);
  }
}

std::vector<Diagnosis> Examiner::fresh() { return std::exchange(fresh_, {}); }

std::vector<Diagnosis> Examiner::verdict() const {
  std::vector<Diagnosis> all = found_;
  for (const auto& rule : rules_) {
    if (told_.contains(rule->code())) continue;
    if (auto d = rule->judge(chart_, true)) all.push_back(std::move(*d));
  }
  std::vector<Diagnosis> roots;
  for (const Diagnosis& d : all) {
    if (!explained(all, d)) roots.push_back(d);
  }
  return roots;
}

}  // namespace gradus::train::diagnosis

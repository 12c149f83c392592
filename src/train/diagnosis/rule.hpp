// One diagnosis: what it looks at, and when it is certain.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <vector>

#include "train/diagnosis/chart.hpp"

namespace gradus::train::diagnosis {

// Examples of one step: x (N, …), y their labels or targets; either may be undefined.
struct Batch {
  Tensor x, y;
};

class Rule {
 public:
  virtual ~Rule() = default;
  virtual const char* code() const = 0;
  virtual void see(const Look&, const Chart&) {}
  virtual void see(const EpochLook&, const Chart&) {}
  virtual void see(const Batch&) {}
  virtual void held_out(const Tensor&) {}
  // `last`: nothing more will come. A rule that waits for what else may be found need not wait then.
  virtual std::optional<Diagnosis> judge(const Chart& chart, bool last) const = 0;
};

using Rules = std::vector<std::unique_ptr<Rule>>;

// The families, each in a file of its own.
void add_gradient_rules(Rules& to);  // VANISHING, EXPLODING, STALE_GRAD, NO_GRAD, CLIP_ALWAYS
void add_unit_rules(Rules& to);      // DEAD_RELU, SATURATED, SYMMETRIC
void add_rate_rules(Rules& to);      // LR_LOW, LR_HIGH, DIVERGING, OSCILLATING, NONFINITE
void add_loss_rules(Rules& to);      // DOUBLE_SOFTMAX, BAD_START
void add_fit_rules(Rules& to);       // OVERFIT, UNDERFIT
void add_data_rules(Rules& to);      // SHUFFLE_OFF, INPUT_SCALE, LABEL_NOISE, LEAK

// Whether `cause` explains `code`, which is then not told.
bool explains(std::string_view cause, std::string_view code);

}  // namespace gradus::train::diagnosis

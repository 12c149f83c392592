// DOUBLE_SOFTMAX, BAD_START: the loss as it is made, and as it begins.
#include <cmath>

#include "train/diagnosis/rule.hpp"

namespace gradus::train::diagnosis {
namespace {

class DoubleSoftmax final : public Rule {
  const char* code() const override { return "DOUBLE_SOFTMAX"; }
  void see(const Look& look, const Chart&) override {
    if (!look.term || (!look.term->twice && !look.term->probabilities)) return;
    if (seen_++ == 0) found_ = *look.term;
    step_ = look.step;
  }
  std::optional<Diagnosis> judge(const Chart& chart, bool) const override {
    if (seen_ < 2 && !(seen_ == 1 && chart.steps == 1)) return {};
    const LossLook& l = *found_;
    Diagnosis d{.code = code(), .step = step_, .at = l.softmax_at.line > 0 ? l.softmax_at : l.at};
    if (l.softmax == "sigmoid") {
      d.evidence = "the result of a sigmoid goes into a loss that has a sigmoid of its own";
      d.advice = "give bce_with_logits_loss the values before the sigmoid";
      return d;
    }
    const auto classes = static_cast<double>(l.classes);
    const double floor = std::log(1 + (classes - 1) * std::exp(-1));
    d.evidence = fmt::format(
        "{} go into cross_entropy, which has a softmax of its own: with {} classes the loss cannot "
        "come below ln(1 + {}/e) = {:.3f}, and gradients are small",
        l.twice ? "the results of a softmax" : "rows that are probabilities already", l.classes, l.classes - 1, floor);
    d.advice = "give cross_entropy the values before the softmax (logits)";
    d.numbers = {{"classes", classes}, {"floor", floor}};
    return d;
  }
  int seen_ = 0;
  std::optional<LossLook> found_;
  std::int64_t step_ = 0;
};

class BadStart final : public Rule {
  static constexpr double limit = 1.5;  // CS231n: the first loss should be ln C
  const char* code() const override { return "BAD_START"; }
  void see(const Look& look, const Chart&) override {
    if (first_ || look.step > 2 || !look.term) return;
    first_ = *look.term;
  }
  std::optional<Diagnosis> judge(const Chart& chart, bool last) const override {
    if (!first_ || first_->kind != LossKind::classes || first_->classes < 2) return {};
    if (chart.steps < 6 && !last) return {};
    const double expected = std::log(static_cast<double>(first_->classes));
    const double luck = 1 / std::sqrt(static_cast<double>(first_->examples));
    if (!(first_->value > limit * expected + luck)) return {};
    return Diagnosis{.code = code(),
                     .step = 1,
                     .evidence = fmt::format("the first cross-entropy is {:.3g}; an answer without any knowledge has "
                                             "ln {} = {:.3g}: the network is sure of wrong answers",
                                             first_->value, first_->classes, expected),
                     .advice = "smaller weights in the last layer (a tenth, or 0), and biases of 0",
                     .numbers = {{"loss", first_->value}, {"expected", expected}},
                     .at = first_->at};
  }
  std::optional<LossLook> first_;
};

}  // namespace

void add_loss_rules(Rules& to) {
  to.push_back(std::make_unique<DoubleSoftmax>());
  to.push_back(std::make_unique<BadStart>());
}

}  // namespace gradus::train::diagnosis

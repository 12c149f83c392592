// OVERFIT, UNDERFIT: what was learnt.
#include <cmath>
#include <limits>

#include "train/diagnosis/rule.hpp"

namespace gradus::train::diagnosis {
namespace {

class Overfit final : public Rule {
  static constexpr double rise = 1.2;      // of the validation loss above its best
  static constexpr double gap = 3;         // validation loss by training loss
  static constexpr std::int64_t wait = 3;  // epochs
  const char* code() const override { return "OVERFIT"; }
  void see(const EpochLook& e, const Chart&) override {
    last_ = e;
    if (std::isnan(first_)) first_ = e.val_loss;
    if (e.val_loss < best_.val_loss || best_.epoch == 0) best_ = e;
    above_ = e.val_loss > rise * best_.val_loss ? above_ + 1 : 0;
  }
  std::optional<Diagnosis> judge(const Chart& chart, bool) const override {
    if (std::isnan(last_.val_loss) || chart.others || best_.epoch == 0 || !(best_.val_loss > 0)) return {};
    const bool since = last_.epoch - best_.epoch >= wait;
    const bool rises = above_ >= wait && since && last_.loss < 0.9 * best_.loss && last_.val_loss > 1.5 * last_.loss;
    // It does not rise, but what is learnt does not help either.
    const bool parts = last_.epoch >= 8 && last_.epoch - best_.epoch >= wait && last_.val_loss > gap * last_.loss &&
                       best_.val_loss > 0.5 * first_ && last_.loss < 0.5 * best_.val_loss;
    if (!rises && !parts) return {};
    return Diagnosis{
        .code = code(),
        .step = chart.steps,
        .evidence = fmt::format("the validation loss was best in epoch {} ({:.4g}) and is {:.4g} in epoch {}, "
                                "while the training loss went from {:.4g} to {:.4g}",
                                best_.epoch, best_.val_loss, last_.val_loss, last_.epoch, best_.loss, last_.loss),
        .advice = fmt::format("stop near epoch {} (patience, restore_best_weights), more data or "
                              "augmentation, dropout, weight decay, a smaller network",
                              best_.epoch),
        .numbers = {{"best_epoch", static_cast<double>(best_.epoch)},
                    {"best", best_.val_loss},
                    {"val_loss", last_.val_loss},
                    {"loss", last_.loss}}};
  }
  EpochLook last_, best_;
  double first_ = unknown;
  std::int64_t above_ = 0;
};

class Underfit final : public Rule {
  static constexpr double skill = 0.4;      // of the way from a constant answer to a perfect one
  static constexpr double progress = 0.98;  // of the last quarter of the run
  const char* code() const override { return "UNDERFIT"; }
  std::optional<Diagnosis> judge(const Chart& chart, bool last) const override {
    if (chart.others || chart.recorded || chart.sequence || !chart.positive) return {};
    if (chart.steps < 200 || (chart.steps < 400 && !last)) return {};
    const double now = chart.skill();
    const double came = chart.progress();
    if (std::isnan(now) || std::isnan(came) || now > skill || came < progress || came > 1.2) return {};
    return Diagnosis{.code = code(),
                     .step = chart.steps,
                     .evidence = fmt::format("after {} steps the training loss stands at {:.4g}; the same answer for "
                                             "every example would have {:.4g}, and the last quarter of the run changed "
                                             "it by {:.1f} %",
                                             chart.steps, chart.level(), chart.baseline(), 100 * (came - 1)),
                     .advice =
                         "more layers or units, less weight decay and dropout, inputs that say more, or more "
                         "training",
                     .numbers = {{"loss", chart.level()}, {"baseline", chart.baseline()}, {"skill", now}}};
  }
};

}  // namespace

void add_fit_rules(Rules& to) {
  to.push_back(std::make_unique<Overfit>());
  to.push_back(std::make_unique<Underfit>());
}

}  // namespace gradus::train::diagnosis

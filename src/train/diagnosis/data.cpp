// SHUFFLE_OFF, INPUT_SCALE, LABEL_NOISE, LEAK: what the network is given.
#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "tensor/impl.hpp"
#include "train/diagnosis/measure.hpp"
#include "train/diagnosis/rule.hpp"

namespace gradus::train::diagnosis {
namespace {

// Class numbers of a batch, or of 0 and 1 in floating point; empty for other targets.
std::vector<std::int64_t> labels_of(const Tensor& y) {
  std::vector<std::int64_t> all;
  if (!y.defined() || y.dim() == 0 || y.numel() != y.size(0)) return all;
  if (y.dtype() == i64) {
    const Tensor labels = gradus::detail::dense(y);
    const std::int64_t* p = gradus::detail::data<std::int64_t>(labels);
    all.assign(p, p + y.numel());
    return all;
  }
  if (!is_floating(y.dtype())) return all;
  const std::vector<double> v = y.to_vector();
  const bool bits = std::all_of(v.begin(), v.end(), [](double e) { return e == 0 || e == 1; });
  if (!bits) return all;
  for (const double e : v) all.push_back(static_cast<std::int64_t>(e));
  return all;
}

class ShuffleOff final : public Rule {
  static constexpr double bound = 0.5;  // of what ties labels to batches: 0 in a shuffle, 1 if each batch has one class
  static constexpr std::int64_t most_batches = 1024, most_classes = 1000;
  const char* code() const override { return "SHUFFLE_OFF"; }
  void see(const Batch& batch) override {
    if (batches_ >= most_batches) return;
    const std::vector<std::int64_t> labels = labels_of(batch.y);
    if (labels.empty()) return;
    ++batches_;
    small_ = small_ || labels.size() < 8;
    here_.assign(here_.size(), 0);
    for (const std::int64_t label : labels) {
      changes_ += all_ > 0 && label != before_;
      before_ = label;
      ++all_;
      if (label < 0 || label >= most_classes) continue;
      const auto at = static_cast<std::size_t>(label);
      if (at >= here_.size()) here_.resize(at + 1);
      ++here_[at];
    }
    classes_.resize(here_.size());
    for (std::size_t c = 0; c < here_.size(); ++c) {
      classes_[c].count += here_[c];
      classes_[c].squares += static_cast<double>(here_[c] * here_[c]) / static_cast<double>(labels.size());
    }
  }
  std::optional<Diagnosis> judge(const Chart& chart, bool) const override {
    if (batches_ < 6 || all_ < 64 || chart.others || chart.sequence) return {};
    const auto n = static_cast<double>(all_);
    double mixed = 1;  // the chance that two labels differ
    double sum = 0;
    std::int64_t large = 0;
    std::int64_t kinds = 0;
    for (const Class& c : classes_) {
      if (c.count == 0) continue;
      ++kinds;
      const double p = static_cast<double>(c.count) / n;
      mixed -= p * p;
      large += p >= 0.1;
      sum += c.squares / static_cast<double>(c.count);
    }
    if (kinds < 2 || (large < 2 && mixed < 0.3)) return {};
    const double tie = (sum - 1) / static_cast<double>(std::min(kinds, batches_) - 1);
    const double changes = static_cast<double>(changes_) / (mixed * (n - 1));
    if (small_ ? changes > 0.2 : tie < bound) return {};
    return Diagnosis{
        .code = code(),
        .step = chart.steps,
        .evidence = fmt::format("the {} batches so far hold one class, or few, each: from one example to the "
                                "next the label changed {} times in {}, {:.0f} would be usual",
                                batches_, changes_, all_, mixed * (n - 1)),
        .advice = "shuffle: data::batches(train, {.size = …, .shuffle = true})",
        .numbers = {{"tie", tie}, {"changes", static_cast<double>(changes_)}, {"expected", mixed * (n - 1)}}};
  }
  struct Class {
    std::int64_t count = 0;
    double squares = 0;
  };
  std::vector<Class> classes_;
  std::vector<std::int64_t> here_;
  std::int64_t batches_ = 0, all_ = 0, changes_ = 0, before_ = 0;
  bool small_ = false;
};

class InputScale final : public Rule {
  static constexpr double large = 20, certain = 50, small = 1e-3, columns = 100;
  const char* code() const override { return "INPUT_SCALE"; }
  void see(const Look& look, const Chart&) override {
    if (!look.input || look.input->normed || !(look.input->rms > 0) || !std::isfinite(look.input->rms)) return;
    if (++looks_ == 1) input_ = *look.input;
    if (looks_ == 1) input_.x = {};
    low_ = looks_ == 1 ? look.input->rms : std::min(low_, look.input->rms);
    high_ = std::max(high_, look.input->rms);
    if (looks_ > 1 || !look.term) return;
    const LossLook& t = *look.term;
    if (t.kind == LossKind::classes) harm_ = t.value > 1.5 * std::log(static_cast<double>(t.classes));
    if (t.kind == LossKind::squares) harm_ = t.value > 5 * t.square;
  }
  std::optional<Diagnosis> judge(const Chart& chart, bool last) const override {
    if (looks_ < 2 && !(last && looks_ == 1)) return {};
    const bool bad = harm_ || chart.nonfinite_at > 0 || (chart.steps >= 40 && !chart.well());
    const bool uneven =
        input_.column >= 0 && input_.widest > large && input_.typical > 0 && input_.widest > columns * input_.typical;
    const bool too_large = low_ > certain || (low_ > large && bad);
    const bool too_small = high_ < small && chart.steps >= 10;
    if (!too_large && !too_small && !(uneven && bad)) return {};
    Diagnosis d{.code = code(), .step = chart.steps, .layer = input_.layer, .at = input_.at};
    d.numbers = {{"rms", input_.rms}};
    d.evidence =
        fmt::format("the inputs of the first layer have a root mean square of {:.3g}; about 1 is usual", input_.rms);
    if (uneven) {
      d.evidence +=
          fmt::format(". Column {} has {:.3g}, the median column {:.3g}", input_.column, input_.widest, input_.typical);
      d.numbers.insert(d.numbers.end(), {{"widest", input_.widest}, {"typical", input_.typical}});
    }
    d.advice =
        "standardise each column, (x - mean) / deviation, by the training data: nn::Standardize; or divide "
        "pixels by 255";
    return d;
  }
  InputLook input_;
  int looks_ = 0;
  double low_ = 0, high_ = 0;
  bool harm_ = false;
};

// Which rows have come, and with which label.
class Twins : public Rule {
 protected:
  static constexpr std::size_t most = 200'000;
  struct Row {
    std::int64_t label = 0;
    bool conflict = false;
  };
  // Rows of data that were measured, until most have been seen twice.
  bool take(const Batch& batch) {
    if (full_ || !batch.x.defined() || batch.x.dim() < 2) return false;
    if (rows_ == 0) measured_ = measured(batch.x);
    if (!measured_) full_ = true;
    rows_ += batch.x.size(0);
    full_ = full_ || all_.size() > most ||
            static_cast<double>(rows_) >
                2.0 * static_cast<double>(all_.size()) + 1024 + 2.0 * static_cast<double>(batch.x.size(0));
    return measured_;
  }
  std::unordered_map<std::uint64_t, Row> all_;
  std::int64_t rows_ = 0;
  bool full_ = false, measured_ = false;
};

class LabelNoise final : public Twins {
  const char* code() const override { return "LABEL_NOISE"; }
  void see(const Batch& batch) override {
    if (full_ || !batch.x.defined() || !batch.y.defined() || batch.y.dtype() != i64) return;
    const std::vector<std::int64_t> labels = labels_of(batch.y);
    if (labels.empty() || !take(batch) || batch.x.size(0) != static_cast<std::int64_t>(labels.size())) return;
    const std::vector<std::uint64_t> hashes = row_hashes(batch.x);
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (hashes[i] == 0) continue;
      const auto [at, fresh] = all_.try_emplace(hashes[i], Row{.label = labels[i]});
      if (fresh || at->second.label == labels[i] || at->second.conflict) continue;
      at->second.conflict = true;
      ++conflicts_;
      if (conflicts_ == 1) labels_ = {at->second.label, labels[i]};
    }
  }
  std::optional<Diagnosis> judge(const Chart& chart, bool) const override {
    const auto distinct = static_cast<double>(all_.size());
    // Where most rows conflict, the inputs do not say enough: that is another matter.
    if (conflicts_ == 0 || all_.size() < 16 || static_cast<double>(conflicts_) > 0.6 * distinct || chart.sequence)
      return {};
    return Diagnosis{
        .code = code(),
        .step = chart.steps,
        .evidence = fmt::format("{} of {} different examples came with more than one label; the first with {} "
                                "and {}",
                                conflicts_, all_.size(), labels_.first, labels_.second),
        .advice = "look at these examples and keep one label for each, or leave them out",
        .numbers = {{"conflicts", static_cast<double>(conflicts_)}, {"examples", distinct}}};
  }
  std::int64_t conflicts_ = 0;
  std::pair<std::int64_t, std::int64_t> labels_;
};

class Leak final : public Twins {
  static constexpr double share = 0.01;
  const char* code() const override { return "LEAK"; }
  void held_out(const Tensor& x) override {
    if (!measured(x)) return;
    for (const std::uint64_t h : row_hashes(x)) {
      if (h != 0 && held_.size() < most) held_.insert(h);
    }
    count_ = held_.size();
  }
  void see(const Batch& batch) override {
    if (held_.empty() || !take(batch)) return;
    for (const std::uint64_t h : row_hashes(batch.x)) {
      all_.try_emplace(h);
      found_ += held_.erase(h);
    }
  }
  std::optional<Diagnosis> judge(const Chart& chart, bool) const override {
    const double part = static_cast<double>(found_) / static_cast<double>(std::max<std::size_t>(count_, 1));
    if (found_ < 2 || part < share) return {};
    return Diagnosis{
        .code = code(),
        .step = chart.steps,
        .evidence = fmt::format("{} of the {} held-out examples ({:.0f} %) are among those that are trained "
                                "on: what is measured on them is too good",
                                found_, count_, 100 * part),
        .advice = "split before anything is copied or augmented, and take duplicates out first",
        .numbers = {{"examples", static_cast<double>(found_)}, {"share", part}}};
  }
  std::unordered_set<std::uint64_t> held_;
  std::size_t count_ = 0, found_ = 0;
};

}  // namespace

void add_data_rules(Rules& to) {
  to.push_back(std::make_unique<InputScale>());
  to.push_back(std::make_unique<ShuffleOff>());
  to.push_back(std::make_unique<LabelNoise>());
  to.push_back(std::make_unique<Leak>());
}

}  // namespace gradus::train::diagnosis

// How a training has gone so far: what all rules may ask.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "train/diagnosis/look.hpp"
#include "train/history.hpp"

namespace gradus::train::diagnosis {

class Chart {
 public:
  void add(const Look& look);
  void add(const EpochLook& epoch);

  std::int64_t steps = 0;
  std::int64_t looks = 0;  // of them, those that were measured
  std::int64_t epochs = 0;
  double first = unknown;         // the first loss
  double top = 0;                 // the greatest so far
  bool positive = true;           // all losses were above 0, so that their ratios mean something
  bool others = false;            // another optimizer steps too: a game of two networks
  bool recorded = false;          // the loss holds derivatives
  std::int64_t nonfinite_at = 0;  // the first step with such a loss; 0: none
  std::deque<double> recent;      // up to 256 losses that are finite
  History course;                 // means over the run
  LossKind kind = LossKind::other;
  std::int64_t classes = 0;
  bool sequence = false;
  bool same_batch = false;                   // each step sees the same examples
  double lr = unknown, lr_before = unknown;  // now, and 8 looks ago

  double start() const;  // the median of the first five losses
  double level() const;  // the median of the last losses: a tenth of the run, 5 to 40
  bool well() const;     // the loss has come down to a half, or lower
  // Of the loss that a constant answer gives: the entropy of the labels, the variance of the targets. NaN: not known.
  double baseline() const;
  // How much better than that it is: 0 not at all, 1 perfect. NaN: not known.
  double skill() const;
  // The loss of the last quarter of the run by that of the quarter before.
  double progress() const;

 private:
  std::vector<double> head_;
  std::deque<double> rates_;
  double target_sum_ = 0, target_squares_ = 0;
  std::int64_t targets_ = 0;
  std::map<std::int64_t, std::int64_t> labels_;
  std::uint64_t batch_ = 0;
  std::int64_t same_ = 0, batches_ = 0;
};

double median(std::vector<double> values);

}  // namespace gradus::train::diagnosis

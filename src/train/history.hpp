// The course of the loss over a whole run, in few numbers.
#pragma once

#include <cstdint>
#include <vector>

namespace gradus::train {

// The losses of a run in at most 64 means: pairs are merged when they become too many.
class History {
 public:
  void add(double loss) {
    sum_ += loss;
    if (++count_ < size_) return;
    means.push_back(sum_ / static_cast<double>(size_));
    sum_ = 0;
    count_ = 0;
    if (means.size() < 64) return;
    for (std::size_t i = 0; i < 32; ++i) means[i] = (means[2 * i] + means[2 * i + 1]) / 2;
    means.resize(32);
    size_ *= 2;
  }
  std::vector<double> means;

 private:
  double sum_ = 0;
  std::int64_t count_ = 0, size_ = 1;
};

}  // namespace gradus::train

// What can be said of many numbers in one line.
#pragma once

#include <gradus/tensor.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

namespace gradus::tool {

struct Statistics {
  std::int64_t count = 0, zeros = 0, nan = 0, inf = 0;
  // Of the finite ones; NaN if there is none. `std` divides by their number.
  double min = std::numeric_limits<double>::quiet_NaN(), max = min, mean = min, std = min, norm = min;
};

// Sums in long double, whose range holds the square of any double. Means are taken block by block and then merged, so
// that a large mean does not drown the deviations from it (Chan, Golub and LeVeque, 1979).
class Sums {
 public:
  void add(double x) {
    ++all_.count;
    if (x == 0) ++all_.zeros;
    if (std::isnan(x)) {
      ++all_.nan;
    } else if (std::isinf(x)) {
      ++all_.inf;
    } else {
      block_[filled_++] = x;
      if (filled_ == block_size) merge();
    }
  }
  Statistics finish();

 private:
  static constexpr int block_size = 1024;

  void merge();

  Statistics all_;
  double block_[block_size];
  int filled_ = 0;
  std::int64_t finite_ = 0;
  double min_ = std::numeric_limits<double>::infinity(), max_ = -min_;
  long double mean_ = 0, deviations_ = 0, squares_ = 0;
};

Statistics statistics(const Tensor& x);

}  // namespace gradus::tool

// Statistics of a tensor, in one pass.
#include "show/statistics.hpp"

#include <algorithm>
#include <cmath>

#include "tensor/impl.hpp"
#include "tensor/loops.hpp"

namespace gradus::tool {

void Sums::merge() {
  if (filled_ == 0) return;
  long double sum = 0;
  for (int i = 0; i < filled_; ++i) {
    const double x = block_[i];
    sum += x;
    squares_ += static_cast<long double>(x) * x;
    min_ = std::min(min_, x);
    max_ = std::max(max_, x);
  }
  const long double mean = sum / filled_;
  long double deviations = 0;
  for (int i = 0; i < filled_; ++i) deviations += (block_[i] - mean) * (block_[i] - mean);
  const auto before = static_cast<long double>(finite_);
  const long double whole = before + filled_;
  const long double apart = mean - mean_;
  deviations_ += deviations + apart * apart * before * filled_ / whole;
  mean_ += apart * filled_ / whole;
  finite_ += filled_;
  filled_ = 0;
}

Statistics Sums::finish() {
  merge();
  if (finite_ == 0) return all_;
  all_.min = min_;
  all_.max = max_;
  all_.mean = static_cast<double>(mean_);
  all_.std = static_cast<double>(std::sqrt(deviations_ / static_cast<long double>(finite_)));
  all_.norm = static_cast<double>(std::sqrt(squares_));
  return all_;
}

namespace {

template <class T>
Statistics of(const Tensor& x) {
  Sums sums;
  const T* p = detail::data<T>(x);
  for (std::int64_t i = 0; i < x.numel(); ++i) sums.add(static_cast<double>(p[i]));
  return sums.finish();
}

}  // namespace

Statistics statistics(const Tensor& x) {
  const Tensor numbers = detail::dense(x);
  switch (numbers.dtype()) {
    case f32:
      return of<float>(numbers);
    case f64:
      return of<double>(numbers);
    case i64:
      return of<std::int64_t>(numbers);
    case boolean:
      return of<unsigned char>(numbers);
  }
  return {};
}

}  // namespace gradus::tool

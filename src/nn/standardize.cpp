// Standardize and its inverse.
#include <gradus/nn/standardize.hpp>

#include <algorithm>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "nn/check.hpp"

namespace gradus::nn {
namespace {

// Without the axis of examples, if that was reduced: statistics of (N, C, H, W) over {0, 2, 3} are (C, 1, 1).
Tensor without_examples(const Tensor& statistic, const Axes& axes, int dims) {
  if (axes.empty()) return statistic.reshape({});
  const bool reduced = std::any_of(axes.begin(), axes.end(), [&](std::int64_t a) { return a == 0 || a == -dims; });
  Shape shape = statistic.shape();
  if (reduced) shape.erase(0);
  return statistic.reshape(shape);
}

struct Statistics {
  Tensor mean, variance;
};

// Over axes that are reduced. Large data are looked at in pieces, which are joined as Chan, Golub and LeVeque (1979)
// do: the operations make several copies of what they look at.
Statistics statistics(const Tensor& x, const Axes& axes, Loc where) {
  constexpr std::int64_t large = 1 << 22, piece = 1 << 20;
  const bool of_examples =
      axes.empty() || std::any_of(axes.begin(), axes.end(), [&](std::int64_t a) { return a == 0 || a == -x.dim(); });
  if (x.numel() <= large || !of_examples) return {x.mean(axes, true, where), x.var(axes, true, 0, where)};
  const std::int64_t all = x.size(0), step = std::max<std::int64_t>(1, piece / (x.numel() / all));
  Tensor mean = scalar(0, f64), squares = scalar(0, f64);
  double seen = 0;
  for (std::int64_t begin = 0; begin < all; begin += step) {
    const std::int64_t end = std::min(begin + step, all);
    const Tensor part = slice(x, 0, {begin, end});
    const auto n = static_cast<double>(end - begin);
    const Tensor apart = part.mean(axes, true, where).to(f64) - mean;
    mean = mean + apart * (n / (seen + n));
    squares = squares + part.var(axes, true, 0, where).to(f64) * n + square(apart) * (seen * n / (seen + n));
    seen += n;
  }
  return {mean.to(x.dtype()), (squares / seen).to(x.dtype())};
}

template <class Layer>
Layer fitted(const char* name, const Tensor& x, const Axes& axes, Loc where) {
  gradus::detail::check_defined(x, name, where);
  check_floating(name, x.dtype(), where);
  if (x.numel() == 0)
    fail(name,
         {.wrong = "no data to take statistics of", .got = to_string(x.shape()), .expected = "at least one example"},
         where);
  const Tensor data = x.detach();
  const auto [mean_of_all, variance] = statistics(data, axes, where);
  const Tensor mean = without_examples(mean_of_all, axes, x.dim());
  const Tensor deviation = sqrt(without_examples(variance, axes, x.dim()));
  Layer layer(mean.shape(), x.dtype(), where);
  layer.mean = mean;
  layer.deviation = gradus::where(deviation > 0, deviation, ones_like(deviation));
  return layer;
}

}  // namespace

Standardize::Standardize(const Shape& shape, DType dtype, Loc where)
    : mean(zeros(shape, dtype, where)), deviation(ones(shape, dtype, where)) {
  check_floating("Standardize", dtype, where);
}

Standardize Standardize::of(const Tensor& x, const Axes& axes, Loc where) {
  return fitted<Standardize>("Standardize", x, axes, where);
}

Tensor Standardize::forward(Arg x) const {
  const At at(x);
  return (x - mean) / deviation;
}

std::string Standardize::describe() const { return to_string(mean.shape()); }

Unstandardize::Unstandardize(const Shape& shape, DType dtype, Loc where)
    : mean(zeros(shape, dtype, where)), deviation(ones(shape, dtype, where)) {
  check_floating("Unstandardize", dtype, where);
}

Unstandardize Unstandardize::of(const Tensor& y, const Axes& axes, Loc where) {
  return fitted<Unstandardize>("Unstandardize", y, axes, where);
}

Tensor Unstandardize::forward(Arg x) const {
  const At at(x);
  return x * deviation + mean;
}

std::string Unstandardize::describe() const { return to_string(mean.shape()); }

}  // namespace gradus::nn

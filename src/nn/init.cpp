// Initialisers: what they check, and the distributions they draw from.
#include <gradus/nn/init.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <gradus/ops/elementwise.hpp>
#include <gradus/ops/shape.hpp>

#include "kernels/random.hpp"
#include "tensor/format.hpp"
#include "tensor/impl.hpp"
#include "tensor/number.hpp"

namespace gradus::nn::init {
namespace {

void check(const char* name, const Tensor& w, int axes, Loc where) {
  gradus::detail::check_defined(w, name, where);
  const auto fail = [&](Complaint c) { throw Error(name, std::move(c), gradus::detail::user_line(where)); };
  if (!is_floating(w.dtype()))
    fail({.wrong = "an initialiser needs a floating-point dtype",
          .got = gradus::name(w.dtype()),
          .expected = "f32 or f64"});
  if (w.dim() < axes)
    fail({.wrong = "too few axes",
          .got = to_string(w.shape()),
          .expected = formatted("{} or more", axes),
          .advice = "normal_, uniform_ or zeros_ fill any shape, a bias too"});
}

double largest(const Tensor& w) {
  return w.dtype() == f32 ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
}

// A number that the tensor's dtype can hold.
void check_number(const char* function, const char* name, double value, const Tensor& w, Loc where) {
  if (std::abs(value) <= largest(w)) return;
  throw Error(function,
              {.wrong = formatted("{} is not a finite {}", name, gradus::name(w.dtype())),
               .got = gradus::detail::number_text(value),
               .expected = formatted("{} to {}", -largest(w), largest(w))},
              gradus::detail::user_line(where));
}

// 0 or more, and so small that no normal number overflows.
void check_std(const char* function, const char* name, double std, const Tensor& w, Loc where) {
  const double most = largest(w) / 64;
  if (std >= 0 && std <= most) return;
  throw Error(function,
              {.wrong = formatted("{} is out of range", name),
               .got = gradus::detail::number_text(std),
               .expected = formatted("0 to {}", most)},
              gradus::detail::user_line(where));
}

void check_range(const char* function, double low, double high, Loc where) {
  if (!(low <= high))
    throw Error(
        function,
        {.wrong = "the range is empty", .got = formatted("low {}, high {}", low, high), .expected = "low <= high"},
        gradus::detail::user_line(where));
}

struct Fans {
  double in, out;
};

Fans fans(const Shape& shape) {
  const double window = static_cast<double>(Shape(std::span(shape.begin() + 2, shape.end())).numel());
  return {window * static_cast<double>(shape[1]), window * static_cast<double>(shape[0])};
}

// Both have mean 0. A uniform distribution of this deviation ends at ±sqrt(3) std.
Tensor draw_uniform(const Tensor& w, double std, Loc where) {
  return uniform_(w, -std::sqrt(3.0) * std, std::sqrt(3.0) * std, where);
}
Tensor draw_normal(const Tensor& w, double std, Loc where) { return normal_(w, 0, std, where); }

double xavier_std(const Tensor& w, double gain) {
  const Fans f = fans(w.shape());
  return gain * std::sqrt(2 / (f.in + f.out));
}
double kaiming_std(const Tensor& w, const KaimingOptions& o, Loc where) {
  const Fans f = fans(w.shape());
  return calculate_gain(o.nonlinearity, o.a, where) / std::sqrt(o.mode == Fan::in ? f.in : f.out);
}

double normal_distribution(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

double dot(const double* a, const double* b, std::int64_t n) {
  double sum[4] = {};  // four chains of additions run side by side
  std::int64_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (int k = 0; k < 4; ++k) sum[k] += a[i + k] * b[i + k];
  for (; i < n; ++i) sum[0] += a[i] * b[i];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

// Gram and Schmidt, each row twice: once leaves the error of nearly parallel rows, twice is enough.
void orthonormalize(double* rows, std::int64_t count, std::int64_t n) {
  for (std::int64_t i = 0; i < count; ++i) {
    double* row = rows + i * n;
    for (int pass = 0; pass < 2; ++pass) {
      for (std::int64_t j = 0; j < i; ++j) {
        const double* done = rows + j * n;
        const double along = dot(row, done, n);
        for (std::int64_t k = 0; k < n; ++k) row[k] -= along * done[k];
      }
    }
    const double length = std::sqrt(dot(row, row, n));
    for (std::int64_t k = 0; k < n; ++k) row[k] /= length;
  }
}

}  // namespace

Tensor zeros_(Tensor w, Loc where) { return w.fill_(0, where); }
Tensor ones_(Tensor w, Loc where) { return w.fill_(1, where); }
Tensor constant_(Tensor w, double value, Loc where) { return w.fill_(value, where); }

Tensor uniform_(Tensor w, double low, double high, Loc where) {
  check("uniform_", w, 0, where);
  check_number("uniform_", "low", low, w, where);
  check_number("uniform_", "high", high, w, where);
  check_range("uniform_", low, high, where);
  check_number("uniform_", "high - low", high - low, w, where);
  return w.copy_(rand(w.shape(), w.dtype(), where) * (high - low) + low, where);
}

Tensor normal_(Tensor w, double mean, double std, Loc where) {
  check("normal_", w, 0, where);
  check_number("normal_", "mean", mean, w, where);
  check_std("normal_", "std", std, w, where);
  return w.copy_(randn(w.shape(), w.dtype(), where) * std + mean, where);
}

Tensor trunc_normal_(Tensor w, double mean, double std, double low, double high, Loc where) {
  check("trunc_normal_", w, 0, where);
  check_number("trunc_normal_", "mean", mean, w, where);
  check_std("trunc_normal_", "std", std, w, where);
  check_range("trunc_normal_", low, high, where);
  // In units of std. The distribution function is accurate in its lower tail only: an upper one is drawn mirrored.
  double from = (low - mean) / std, to = (high - mean) / std;
  const bool mirrored = from > 0;
  if (mirrored) from = -std::exchange(to, -from);
  const double p_from = normal_distribution(from), p_to = normal_distribution(to);
  if (!(p_from < p_to))
    throw Error("trunc_normal_",
                {.wrong = "the normal distribution has no probability in this range",
                 .got = formatted("mean {}, std {}, low {}, high {}", mean, std, low, high),
                 .expected = "std above 0, and a range with an end within 37 std of the mean"},
                gradus::detail::user_line(where));
  Tensor x = rand(w.shape(), f64, where);
  for (double& u : x.mutable_data<double>()) {
    const double p = std::clamp(p_from + u * (p_to - p_from), 0x1p-1022, 1 - 0x1p-53);  // 0 and 1 are at infinity
    const double z = std::clamp(kernels::normal_quantile(p), from, to);
    u = std::clamp(mean + std * (mirrored ? -z : z), low, high);
  }
  return w.copy_(x, where);
}

double calculate_gain(Nonlinearity nonlinearity, double slope, Loc where) {
  if (!std::isfinite(slope))
    throw Error("calculate_gain", {.wrong = "slope is not a finite number", .got = gradus::detail::number_text(slope)},
                gradus::detail::user_line(where));
  switch (nonlinearity) {
    case Nonlinearity::tanh:
      return 5.0 / 3;
    case Nonlinearity::relu:
      return std::sqrt(2.0);
    case Nonlinearity::leaky_relu:
      return std::sqrt(2.0) / std::hypot(1.0, slope);
    case Nonlinearity::selu:
      return 0.75;
    default:
      return 1;
  }
}

Tensor xavier_uniform_(Tensor w, double gain, Loc where) {
  check("xavier_uniform_", w, 2, where);
  check_std("xavier_uniform_", "gain", gain, w, where);
  return draw_uniform(w, xavier_std(w, gain), where);
}

Tensor xavier_normal_(Tensor w, double gain, Loc where) {
  check("xavier_normal_", w, 2, where);
  check_std("xavier_normal_", "gain", gain, w, where);
  return draw_normal(w, xavier_std(w, gain), where);
}

Tensor kaiming_uniform_(Tensor w, const KaimingOptions& options, Loc where) {
  check("kaiming_uniform_", w, 2, where);
  return draw_uniform(w, kaiming_std(w, options, where), where);
}

Tensor kaiming_normal_(Tensor w, const KaimingOptions& options, Loc where) {
  check("kaiming_normal_", w, 2, where);
  return draw_normal(w, kaiming_std(w, options, where), where);
}

Tensor orthogonal_(Tensor w, double gain, Loc where) {
  check("orthogonal_", w, 2, where);
  check_number("orthogonal_", "gain", gain, w, where);
  if (w.numel() == 0) return w;
  const std::int64_t rows = w.shape()[0], columns = w.numel() / rows;
  const std::int64_t count = std::min(rows, columns), n = std::max(rows, columns);
  Tensor q = randn({count, n}, f64, where);
  orthonormalize(q.mutable_data<double>().data(), count, n);
  q.mul_(gain, where);
  return w.copy_(reshape(rows <= columns ? q : transpose(q, 0, 1), w.shape()), where);
}

Tensor eye_(Tensor w, Loc where) {
  check("eye_", w, 2, where);
  if (w.dim() != 2)
    throw Error("eye_", {.wrong = "the tensor is not a matrix", .got = to_string(w.shape()), .expected = "two axes"},
                gradus::detail::user_line(where));
  w.fill_(0, where);
  for (std::int64_t i = 0; i < std::min(w.shape()[0], w.shape()[1]); ++i) w.set({i, i}, 1, where);
  return w;
}

Tensor dirac_(Tensor w, std::int64_t groups, Loc where) {
  check("dirac_", w, 3, where);
  const Shape& shape = w.shape();
  if (groups < 1 || shape[0] % groups)
    throw Error("dirac_",
                {.wrong = "the output channels are not divisible by groups",
                 .got = formatted("{} channels, {} groups", shape[0], groups),
                 .expected = "a number of groups that divides the channels"},
                gradus::detail::user_line(where));
  const Shape strides = gradus::detail::row_major(shape);
  std::int64_t middle = 0;  // of the window
  for (int i = 2; i < shape.size(); ++i) middle += shape[i] / 2 * strides[i];
  Tensor numbers = zeros(shape, f64, where);
  const std::span<double> to = numbers.mutable_data<double>();
  const std::int64_t each = shape[0] / groups;
  for (std::int64_t o = 0; !to.empty() && o < shape[0]; ++o)
    if (o % each < shape[1]) to[static_cast<std::size_t>(o * strides[0] + o % each * strides[1] + middle)] = 1;
  return w.copy_(numbers, where);
}

}  // namespace gradus::nn::init

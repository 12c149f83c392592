// Norms, moments, equal rows, curvature.
#include "train/diagnosis/measure.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <gradus/curvature.hpp>
#include <gradus/ops.hpp>
#include <gradus/tape.hpp>

#include "io/xxh64.hpp"
#include "kernels/kernels.hpp"
#include "tape/observers.hpp"
#include "tensor/impl.hpp"

namespace gradus::train::diagnosis {
namespace {

using gradus::detail::data;
using gradus::detail::dense;
using gradus::detail::visit_floating;

// Columns of (rows, columns) as numbers in f64, by rows or by columns.
std::vector<double> unit(const std::vector<double>& all, std::int64_t rows, std::int64_t columns, bool by_rows,
                         std::int64_t i) {
  std::vector<double> one;
  for (std::int64_t k = 0; k < (by_rows ? columns : rows); ++k)
    one.push_back(all[static_cast<std::size_t>(by_rows ? i * columns + k : k * columns + i)]);
  return one;
}

bool equal_units(const std::vector<double>& a, const std::vector<double>& b) {
  double apart = 0;
  double size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    apart += (a[i] - b[i]) * (a[i] - b[i]);
    size += a[i] * a[i];
  }
  return apart <= 1e-8 * size;
}

}  // namespace

SourceLine line_of(Loc where) { return {where.file_name(), where.line()}; }

double squares(const Tensor& given) {
  if (!given.defined() || !is_floating(given.dtype())) return 0;
  const Tensor x = dense(given);
  return visit_floating(x.dtype(), [&]<class T>() {
    const T* p = data<T>(x);
    return static_cast<double>(kernels::table<T>().dot(x.numel(), p, p));
  });
}

double norm(const Tensor& x) { return std::sqrt(squares(x)); }

double rms(const Tensor& x) { return x.numel() == 0 ? 0 : std::sqrt(squares(x) / static_cast<double>(x.numel())); }

bool finite(const Tensor& given) {
  if (!is_floating(given.dtype())) return true;
  const Tensor x = dense(given);
  return x.dtype() == f32 ? !kernels::table<float>().nonfinite(x.numel(), data<float>(x))
                          : !kernels::table<double>().nonfinite(x.numel(), data<double>(x));
}

Moments moments(const Tensor& x) {
  const std::vector<double> v = x.to_vector();
  Moments m;
  if (v.empty()) return m;
  for (const double e : v) m.mean += e;
  m.mean /= static_cast<double>(v.size());
  for (const double e : v) {
    m.variance += (e - m.mean) * (e - m.mean);
    m.square += e * e;
  }
  m.variance /= static_cast<double>(v.size());
  m.square /= static_cast<double>(v.size());
  return m;
}

double twins(const Tensor& weight, bool by_rows) {
  if (weight.dim() < 2 || weight.numel() == 0) return 0;
  std::int64_t rows = weight.size(0);
  std::int64_t columns = weight.numel() / rows;
  if (!by_rows && weight.dim() > 2) {
    columns = weight.size(-1);
    rows = weight.numel() / columns;
  }
  const std::int64_t count = by_rows ? rows : columns;
  if (count < 2 || (by_rows ? columns : rows) < 2) return 0;
  const std::vector<double> all = weight.to_vector();
  std::vector<std::vector<double>> seen;
  const std::int64_t looked_at = std::min<std::int64_t>(count, 64);
  std::int64_t again = 0;
  for (std::int64_t i = 0; i < looked_at; ++i) {
    std::vector<double> one = unit(all, rows, columns, by_rows, i);
    const bool twin = std::any_of(seen.begin(), seen.end(), [&](const auto& other) { return equal_units(other, one); });
    again += twin;
    if (!twin) seen.push_back(std::move(one));
  }
  return static_cast<double>(again) / static_cast<double>(looked_at - 1);
}

bool probabilities(const Tensor& x) {
  if (x.dim() != 2 || x.size(0) < 2 || x.size(1) < 2) return false;
  const std::vector<double> v = x.to_vector();
  const auto columns = static_cast<std::size_t>(x.size(1));
  bool constant = true;
  for (std::size_t i = 0; i < v.size(); i += columns) {
    double sum = 0;
    for (std::size_t k = i; k < i + columns; ++k) {
      if (!(v[k] >= 0 && v[k] <= 1)) return false;
      constant = constant && v[k] == v[k - i];
      sum += v[k];
    }
    if (std::abs(sum - 1) > 1e-4) return false;
  }
  return !constant;
}

std::vector<std::uint64_t> row_hashes(const Tensor& given) {
  std::vector<std::uint64_t> all;
  if (!given.defined() || given.dim() < 2 || given.numel() == 0) return all;
  const Tensor x = dense(given);
  const auto element = static_cast<std::size_t>(size_of(x.dtype()));
  const std::size_t row = static_cast<std::size_t>(x.numel() / x.size(0)) * element;
  const auto* p = reinterpret_cast<const char*>(x.impl()->data);
  for (std::int64_t i = 0; i < x.size(0); ++i, p += row) {
    const bool plain = row == element || std::memcmp(p, p + element, row - element) == 0;
    all.push_back(plain ? 0 : std::max<std::uint64_t>(1, io::xxh64({p, row})));
  }
  return all;
}

std::uint64_t fingerprint(const Tensor& given) {
  if (!given.defined() || given.numel() == 0) return 0;
  const Tensor x = dense(given);
  const auto element = static_cast<std::size_t>(size_of(x.dtype()));
  const auto n = static_cast<std::size_t>(x.numel());
  const std::size_t stride = 1 + n / 64;
  const auto* all = reinterpret_cast<const char*>(x.impl()->data);
  std::string some;
  for (std::size_t i = 0; i < n; i += stride) some.append(all + i * element, element);
  return io::xxh64(some, n);
}

bool measured(const Tensor& x) {
  if (!is_floating(x.dtype()) || x.dim() < 2 || x.size(0) == 0) return false;
  const std::int64_t features = x.numel() / x.size(0);
  if (features < 2) return false;
  const std::int64_t rows = std::min<std::int64_t>(x.size(0), 64);
  const std::vector<double> v = slice(x, 0, {0, rows}).to_vector();
  const bool bits = std::all_of(v.begin(), v.end(), [](double e) { return e == 0 || e == 1; });
  if (bits) return false;
  if (features >= 16) return true;
  // A few columns: one of them at least has other values in most rows.
  for (std::int64_t f = 0; f < features; ++f) {
    std::vector<double> column;
    for (std::int64_t i = 0; i < rows; ++i) column.push_back(v[static_cast<std::size_t>(i * features + f)]);
    std::sort(column.begin(), column.end());
    const auto distinct = std::unique(column.begin(), column.end()) - column.begin();
    if (2 * distinct > rows && rows >= 8) return true;
  }
  return false;
}

std::vector<double> column_rms(const Tensor& x) {
  const std::vector<double> v = x.to_vector();
  const auto columns = static_cast<std::size_t>(x.size(-1));
  std::vector<double> sums(columns);
  for (std::size_t i = 0; i < v.size(); ++i) sums[i % columns] += v[i] * v[i];
  for (double& s : sums) s = std::sqrt(s * static_cast<double>(columns) / static_cast<double>(v.size()));
  return sums;
}

double curvature(Tape& tape, const Tensor& y, const std::vector<Tensor>& parameters) {
  const double none = std::nan("");
  try {
    const gradus::detail::Unobserved alone;
    const Curvature hessian(tape, Arg(y), parameters);
    if (hessian.size() > 2'000'000) return none;
    const NoRecord pause;
    Tensor v = hessian.gradient();
    double before = 0;
    for (int i = 0; i < 40; ++i) {
      const double length = norm(v);
      if (!(length > 0) || !std::isfinite(length)) return none;
      v = v / length;
      const Tensor product = hessian.times(v);
      const double value = (v * product).sum().item();
      if (!std::isfinite(value)) return none;
      if (i > 3 && std::abs(value - before) < 0.02 * std::abs(value)) return value > 0 ? value : none;
      before = value;
      v = product;
    }
    return before > 0 ? before : none;
  } catch (const Error&) { return none; }
}

}  // namespace gradus::train::diagnosis

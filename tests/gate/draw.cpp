#include "gate/draw.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace gate {

using namespace gradus;

Shape shape(Rng& rng, int min, int max, bool may_be_empty) {
  Shape s;
  if (max > 1 && rng.chance(0.05)) {  // long enough for whole vectors and what is left after them
    if (rng.chance(0.5)) s.push_back(rng.between(1, 3));
    s.push_back(rng.between(9, 40));
    return s;
  }
  const auto dims = rng.between(min, max);
  for (int i = 0; i < dims; ++i) s.push_back(rng.between(1, dims > 3 ? 3 : dims > 2 ? 4 : 5));
  if (may_be_empty && dims > 0 && rng.chance(0.03)) s[static_cast<int>(rng.below(dims))] = 0;
  return s;
}

int axis(Rng& rng, int dims) { return static_cast<int>(rng.chance(0.5) ? rng.below(dims) : -1 - rng.below(dims)); }

Axes axes(Rng& rng, int dims, int min) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(dims));
  std::iota(all.begin(), all.end(), 0);
  for (std::size_t i = all.size(); i > 1; --i)
    std::swap(all[i - 1], all[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(i)))]);
  Axes result;
  const auto n = dims < min ? dims : rng.between(min, dims);
  for (std::int64_t i = 0; i < n; ++i) {
    const auto a = all[static_cast<std::size_t>(i)];
    result.push_back(rng.chance(0.3) ? a - dims : a);
  }
  return result;
}

namespace {

// x as a view of something larger or differently ordered, found by undoing the view.
Tensor transposed(const Tensor& x, Rng& rng) {
  Axes order = axes(rng, x.dim(), x.dim()), back = order;
  for (int i = 0; i < order.size(); ++i) {
    if (order[i] < 0) order[i] += x.dim();
    back[static_cast<int>(order[i])] = i;
  }
  const Tensor moved = clone(permute(x, order));
  return permute(moved, back);
}

Tensor sliced(const Tensor& x, Rng& rng) {
  std::vector<Range> window;
  Shape outer;
  for (const auto n : x.shape()) {
    const auto start = rng.between(0, 2), step = rng.between(1, 2);
    window.push_back({start, n ? start + (n - 1) * step + 1 : start, step});
    outer.push_back(start + n * step + rng.between(0, 1));
  }
  return slice(unslice(x, outer, window), window);
}

}  // namespace

Tensor strided(Rng& rng, const Tensor& x) {
  const NoRecord off;
  switch (x.dim() == 0 ? 0 : rng.below(4)) {
    case 1:
      return transposed(x, rng);
    case 2:
      return sliced(x, rng);
    case 3:
      return transposed(sliced(x, rng), rng);
    default:
      return x;
  }
}

namespace {

template <class F>
Tensor fill(Rng& rng, const Shape& s, F number) {
  std::vector<double> v(static_cast<std::size_t>(s.numel()));
  for (double& x : v) x = number();
  return strided(rng, from_data(std::span<const double>(v), s));
}

}  // namespace

Tensor uniform(Rng& rng, const Shape& s, double low, double high) {
  return fill(rng, s, [&] { return rng.uniform(low, high); });
}

Tensor normal(Rng& rng, const Shape& s) {
  const auto number = [&] {
    return std::sqrt(-2 * std::log(rng.uniform(1e-3, 1))) * std::cos(2 * std::numbers::pi * rng.uniform(0, 1));
  };
  if (s.size() > 0 && rng.chance(0.1)) {
    Shape narrow = s;
    narrow[static_cast<int>(rng.below(s.size()))] = 1;
    if (narrow.numel() > 0) return expand(fill(rng, narrow, number), s);
  }
  return fill(rng, s, number);
}

Tensor away(Rng& rng, const Shape& s, double low, double high, std::initializer_list<double> kinks) {
  return fill(rng, s, [&] {
    for (;;) {
      const double x = rng.uniform(low, high);
      if (std::all_of(kinks.begin(), kinks.end(), [x](double k) { return std::abs(x - k) > 0.02; })) return x;
    }
  });
}

Tensor signed_away(Rng& rng, const Shape& s, double low, double high) {
  return fill(rng, s, [&] { return rng.uniform(low, high) * (rng.chance(0.5) ? 1 : -1); });
}

Tensor distinct(Rng& rng, const Shape& s, double spacing) {
  std::vector<double> v(static_cast<std::size_t>(s.numel()));
  for (std::size_t i = 0; i < v.size(); ++i)
    v[i] = (static_cast<double>(i) - static_cast<double>(v.size()) / 2 + rng.uniform(-0.15, 0.15)) * spacing;
  for (std::size_t i = v.size(); i > 1; --i)
    std::swap(v[i - 1], v[static_cast<std::size_t>(rng.below(static_cast<std::int64_t>(i)))]);
  return strided(rng, from_data(std::span<const double>(v), s));
}

Tensor booleans(Rng& rng, const Shape& s) {
  const double p = rng.of({0.2, 0.5, 0.8});
  return strided(rng, fill(rng, s, [&] { return rng.chance(p) ? 1.0 : 0.0; }).to(boolean));
}

Tensor integers(Rng& rng, const Shape& s, std::int64_t below) {
  return strided(rng, fill(rng, s, [&] { return static_cast<double>(rng.below(below)); }).to(i64));
}

std::vector<Shape> broadcasting(Rng& rng, const Shape& to, int count) {
  std::vector<Shape> all(static_cast<std::size_t>(count), to);
  const auto whole = rng.below(count);
  for (int k = 0; k < count; ++k) {
    if (k == whole || rng.chance(0.3)) continue;
    Shape& s = all[static_cast<std::size_t>(k)];
    for (int i = 0; i < s.size(); ++i)
      if (rng.chance(0.4)) s[i] = 1;
    for (auto gone = rng.between(0, s.size()); gone > 0 && rng.chance(0.5); --gone) s.erase(0);
  }
  return all;
}

}  // namespace gate

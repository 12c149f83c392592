// A small array of doubles with broadcasting, written apart from the library, to compute formulas with.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace formula {

using Sizes = std::vector<std::int64_t>;

struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline std::int64_t count(const Sizes& s) {
  std::int64_t n = 1;
  for (const auto size : s) n *= size;
  return n;
}

struct Array {
  Sizes shape = {};
  std::vector<double> v = {0};

  Array() = default;
  explicit Array(double x) : v{x} {}
  Array(Sizes s, std::vector<double> numbers) : shape(std::move(s)), v(std::move(numbers)) {}
  static Array zeros(const Sizes& s) { return {s, std::vector<double>(static_cast<std::size_t>(formula::count(s)))}; }

  int rank() const { return static_cast<int>(shape.size()); }
  std::int64_t size(int axis) const { return shape.at(static_cast<std::size_t>(axis < 0 ? axis + rank() : axis)); }
};

// Steps through all places of a shape, the last axis fastest.
template <class F>
void each_place(const Sizes& shape, const F& f) {
  Sizes at(shape.size());
  const std::int64_t n = count(shape);
  for (std::int64_t k = 0; k < n; ++k) {
    f(at, static_cast<std::size_t>(k));
    for (std::size_t i = shape.size(); i-- > 0;) {
      if (++at[i] < shape[i]) break;
      at[i] = 0;
    }
  }
}

// Where a place of a larger shape reads an array that is broadcast to it.
inline std::size_t read_at(const Array& x, const Sizes& at) {
  std::int64_t flat = 0;
  const std::size_t skip = at.size() - x.shape.size();
  for (std::size_t i = 0; i < x.shape.size(); ++i) flat = flat * x.shape[i] + (x.shape[i] == 1 ? 0 : at[skip + i]);
  return static_cast<std::size_t>(flat);
}

inline Sizes together(const Sizes& a, const Sizes& b) {
  Sizes to(std::max(a.size(), b.size()));
  for (std::size_t i = 1; i <= to.size(); ++i) {
    const auto of = [i](const Sizes& s) { return i > s.size() ? 1 : s[s.size() - i]; };
    if (of(a) != of(b) && of(a) != 1 && of(b) != 1) throw Wrong("shapes that do not broadcast");
    to[to.size() - i] = of(a) == 1 ? of(b) : of(a);
  }
  return to;
}

template <class F>
Array map(const Array& a, const F& f) {
  Array y = a;
  for (double& x : y.v) x = f(x);
  return y;
}
template <class F>
Array map(const Array& a, const Array& b, const F& f) {
  Array y = Array::zeros(together(a.shape, b.shape));
  each_place(y.shape, [&](const Sizes& at, std::size_t k) { y.v[k] = f(a.v[read_at(a, at)], b.v[read_at(b, at)]); });
  return y;
}

inline Array expanded(const Array& x, const Sizes& shape) {
  Array y = Array::zeros(shape);
  if (together(x.shape, shape) != shape) throw Wrong("cannot be expanded");
  each_place(shape, [&](const Sizes& at, std::size_t k) { y.v[k] = x.v[read_at(x, at)]; });
  return y;
}
inline Array summed_to(const Array& x, const Sizes& shape) {
  Array y = Array::zeros(shape);
  if (together(x.shape, shape) != x.shape) throw Wrong("cannot be summed to this shape");
  each_place(x.shape, [&](const Sizes& at, std::size_t k) { y.v[read_at(y, at)] += x.v[k]; });
  return y;
}
// Over axes, which are kept with size 1.
inline Array reduced(const Array& x, const std::vector<int>& axes, double first,
                     const std::function<double(double, double)>& f) {
  Sizes kept = x.shape;
  for (const int axis : axes) kept.at(static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis)) = 1;
  Array y = Array::zeros(kept);
  std::fill(y.v.begin(), y.v.end(), first);
  each_place(x.shape, [&](const Sizes& at, std::size_t k) {
    double& to = y.v[read_at(y, at)];
    to = f(to, x.v[k]);
  });
  return y;
}
inline Array sum(const Array& x, const std::vector<int>& axes) {
  return reduced(x, axes, 0, [](double a, double b) { return a + b; });
}
inline Array mean(const Array& x, const std::vector<int>& axes) {
  const Array total = sum(x, axes);
  const double n =
      static_cast<double>(count(x.shape)) / static_cast<double>(std::max<std::int64_t>(1, count(total.shape)));
  return map(total, [n](double s) { return s / n; });
}
inline Array flipped(const Array& x, const std::vector<int>& axes) {
  Array y = Array::zeros(x.shape);
  each_place(x.shape, [&](Sizes at, std::size_t k) {
    for (const int axis : axes) {
      std::int64_t& i = at[static_cast<std::size_t>(axis)];
      i = x.size(axis) - 1 - i;
    }
    y.v[read_at(y, at)] = x.v[k];
  });
  return y;
}
inline Array transposed(const Array& x) {
  Array y = x;
  const std::size_t n = x.shape.size();
  if (n < 2) throw Wrong("ᵀ of fewer than two axes");
  std::swap(y.shape[n - 1], y.shape[n - 2]);
  each_place(x.shape, [&](Sizes at, std::size_t k) {
    std::swap(at[n - 1], at[n - 2]);
    y.v[read_at(y, at)] = x.v[k];
  });
  return y;
}
// Of the last two axes, for each place of the others.
inline Array product(const Array& a, const Array& b) {
  if (a.size(-1) != b.size(-2)) throw Wrong("inner sizes differ");
  Sizes batch = together({a.shape.begin(), a.shape.end() - 2}, {b.shape.begin(), b.shape.end() - 2});
  const std::int64_t m = a.size(-2), k = a.size(-1), n = b.size(-1);
  Sizes to = batch;
  to.insert(to.end(), {m, n});
  Array y = Array::zeros(to);
  each_place(to, [&](const Sizes& at, std::size_t place) {
    Sizes left = at, right = at;
    for (std::int64_t i = 0; i < k; ++i) {
      left[left.size() - 1] = i;
      right[right.size() - 2] = i;
      y.v[place] += a.v[read_at(a, left)] * b.v[read_at(b, right)];
    }
  });
  return y;
}

}  // namespace formula

// Factors of matrices: multiplied together they are the matrix, for each size and both dtypes.
#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

#include "kernels/linalg.hpp"

using namespace gradus::kernels;

namespace {

template <class T>
std::vector<T> drawn(Index n, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> number(-1, 1);
  std::vector<T> a(static_cast<std::size_t>(n));
  for (T& x : a) x = static_cast<T>(number(random));
  return a;
}

// a (n, n) times b (n, k).
template <class T>
std::vector<double> product(Index n, Index k, const std::vector<T>& a, bool transposed, const std::vector<T>& b) {
  std::vector<double> y(static_cast<std::size_t>(n * k));
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j)
      for (Index c = 0; c < k; ++c)
        y[static_cast<std::size_t>(i * k + c)] +=
            static_cast<double>(a[static_cast<std::size_t>(transposed ? j * n + i : i * n + j)]) *
            static_cast<double>(b[static_cast<std::size_t>(j * k + c)]);
  return y;
}

template <class T, class Y>
double distance(const std::vector<T>& a, const std::vector<Y>& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    most = std::max(most, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return most;
}

template <class T>
void check(Index n, Index k, double room) {
  CAPTURE(n);
  const std::size_t width = static_cast<std::size_t>(n);
  std::vector<T> a = drawn<T>(n * n, 1);
  for (std::size_t i = 0; i < width; ++i)
    a[(i * width + i * 3 + 1) % (width * width)] += T(3);  // pivots off the diagonal
  const std::vector<T> b = drawn<T>(n * k, 2);
  std::vector<T> lu = a;
  std::vector<int> pivots(width);
  CHECK(factor(n, lu.data(), pivots.data()) == 0);
  for (const bool transposed : {false, true}) {
    std::vector<T> x = b;
    solve_factored(transposed, n, k, lu.data(), pivots.data(), x.data());
    CHECK(distance(b, product(n, k, a, transposed, x)) < room);
  }

  for (std::size_t i = 0; i < width; ++i) a[i * width + i] = static_cast<T>(n);
  for (const bool upper : {false, true})
    for (const bool transposed : {false, true})
      for (const bool unit : {false, true}) {
        std::vector<T> t = a, x = b;
        for (std::size_t i = 0; i < width; ++i)
          for (std::size_t j = 0; j < width; ++j) {
            if (upper ? j < i : j > i) t[i * width + j] = 0;
            if (i == j && unit) t[i * width + j] = 1;
            if (i != j) t[i * width + j] /= static_cast<T>(n);
          }
        std::vector<T> both = t;  // what must not be read is NaN
        for (std::size_t i = 0; i < width; ++i)
          for (std::size_t j = 0; j < width; ++j)
            if ((upper ? j < i : j > i) || (i == j && unit)) both[i * width + j] = static_cast<T>(std::nan(""));
        solve_triangular({.upper = upper, .transposed = transposed, .unit = unit}, n, k, both.data(), x.data());
        CHECK(distance(b, product(n, k, t, transposed, x)) < room);
      }

  std::vector<T> spd(width * width);
  const std::vector<double> square = product(n, n, a, true, a);
  for (std::size_t i = 0; i < spd.size(); ++i) spd[i] = static_cast<T>(square[i]) / static_cast<T>(n * n);
  std::vector<T> l = spd, transpose(width * width);
  CHECK(cholesky(n, l.data()) == 0);
  for (std::size_t i = 0; i < width; ++i)
    for (std::size_t j = 0; j < width; ++j) transpose[j * width + i] = l[i * width + j];
  CHECK(distance(spd, product(n, n, l, false, transpose)) < room);
  for (std::size_t i = 0; i < width; ++i)
    for (std::size_t j = i + 1; j < width; ++j) CHECK_UNARY(l[i * width + j] == 0);
}

}  // namespace

TEST_CASE("factors multiply to the matrix") {
  for (const Index n : {1, 2, 3, 7, 33, 120}) {
    check<double>(n, 5, 1e-10);
    check<float>(n, 1, 2e-3);
  }
}

TEST_CASE("what has no factors is said") {
  std::vector<double> singular{1, 2, 3, 2, 4, 6, 1, 0, 1}, indefinite{1, 2, 2, 1}, nothing;
  std::vector<int> pivots(3);
  CHECK(factor(3, singular.data(), pivots.data()) == 2);
  std::vector<double> zeros(4);
  CHECK(factor(2, zeros.data(), pivots.data()) == 1);
  CHECK(cholesky(2, indefinite.data()) == 2);
  std::vector<double> unknown{1, 0, std::nan(""), 1};
  CHECK(cholesky(2, unknown.data()) == 2);
  CHECK(factor(0, nothing.data(), pivots.data()) == 0);
  CHECK(cholesky(0, nothing.data()) == 0);
}

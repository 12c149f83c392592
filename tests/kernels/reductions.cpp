#include <doctest/doctest.h>

#include "check.hpp"

using namespace gradus::kernels;

namespace {

struct Block {
  Index outer, n, inner;
};
const Block kBlocks[] = {{1, 1, 1},    {3, 7, 1}, {2, 16, 1},   {5, 67, 1},   {1, 1025, 1},
                         {1, 5000, 1}, {2, 5, 3}, {1, 67, 129}, {3, 260, 16}, {0, 5, 2}};

// Applies f to every line of the block, in double.
template <class T, class F>
auto lines(const Block& b, const std::vector<T>& x, F f) {
  std::vector<std::vector<double>> out;
  for (Index o = 0; o < b.outer; ++o)
    for (Index j = 0; j < b.inner; ++j) {
      std::vector<double> line;
      for (Index i = 0; i < b.n; ++i)
        line.push_back(static_cast<double>(x[static_cast<std::size_t>((o * b.n + i) * b.inner + j)]));
      out.push_back(f(line));
    }
  return out;
}

using Line = std::vector<double>;
double largest(const Line& v) {
  double m = v[0];
  for (double e : v) m = e > m || std::isnan(e) ? e : m;
  return m;
}
double log_sum(const Line& v) {
  double m = largest(v), s = 0;
  if (!std::isfinite(m)) return m;
  for (double e : v) s += std::exp(e - m);
  return m + std::log(s);
}

}  // namespace

TEST_CASE_TEMPLATE("reductions", T, float, double) {
  const double tolerance = std::is_same_v<T, float> ? 2e-6 : 1e-13;
  for (const Kernels* k : levels())
    for (const Block& b : kBlocks) {
      const Table<T>& t = table_of<T>(*k);
      const std::vector<T> x = normals<T>(b.outer * b.n * b.inner);
      const auto check = [&](Reduce<T> entry, auto f) {
        std::vector<T> y(static_cast<std::size_t>(b.outer * b.inner));
        entry(b.outer, b.n, b.inner, x.data(), y.data());
        std::vector<T> want;
        for (const Line& l : lines(b, x, [&](const Line& v) { return Line{f(v)}; }))
          want.push_back(static_cast<T>(l[0]));
        INFO(b.outer << " " << b.n << " " << b.inner);
        CHECK(distance(y, want) < tolerance);
      };
      check(t.sum, [](const Line& v) {
        double s = 0;
        for (double e : v) s += e;
        return s;
      });
      check(t.prod, [](const Line& v) {
        double s = 1;
        for (double e : v) s *= e;
        return s;
      });
      check(t.max, largest);
      check(t.min, [](const Line& v) {
        double m = v[0];
        for (double e : v) m = std::min(m, e);
        return m;
      });
      check(t.logsumexp, log_sum);

      const auto scan = [&](Reduce<T> entry, auto f) {
        std::vector<T> y(x.size()), want(x.size());
        entry(b.outer, b.n, b.inner, x.data(), y.data());
        const auto all = lines(b, x, f);
        for (Index o = 0; o < b.outer; ++o)
          for (Index i = 0; i < b.n; ++i)
            for (Index j = 0; j < b.inner; ++j)
              want[static_cast<std::size_t>((o * b.n + i) * b.inner + j)] =
                  static_cast<T>(all[static_cast<std::size_t>(o * b.inner + j)][static_cast<std::size_t>(i)]);
        CHECK(distance(y, want) < tolerance);
        std::vector<T> in_place = x;
        entry(b.outer, b.n, b.inner, in_place.data(), in_place.data());
        CHECK(distance(in_place, y) == 0);
      };
      scan(t.cumsum, [](Line v) {
        for (std::size_t i = 1; i < v.size(); ++i) v[i] += v[i - 1];
        return v;
      });
      scan(t.log_softmax, [](Line v) {
        const double l = log_sum(v);
        for (double& e : v) e -= l;
        return v;
      });
      scan(t.softmax, [](Line v) {
        const double l = log_sum(v);
        for (double& e : v) e = std::exp(e - l);
        return v;
      });
    }
}

TEST_CASE_TEMPLATE("argmax and argmin: the first at a tie, NaN wins", T, float, double, Index) {
  for (const Kernels* k : levels())
    for (Index inner : {1, 3, 130}) {
      const Table<T>& t = table_of<T>(*k);
      const Index n = 40;
      std::vector<T> x(static_cast<std::size_t>(n * inner), T(1));
      const auto at = [&](Index i, Index j) -> T& { return x[static_cast<std::size_t>(i * inner + j)]; };
      for (Index j = 0; j < inner; ++j) at(7, j) = at(21, j) = 5, at(9, j) = at(30, j) = -5;
      std::vector<Index> y(static_cast<std::size_t>(inner));
      t.argmax(1, n, inner, x.data(), y.data());
      CHECK(y == std::vector<Index>(y.size(), 7));
      t.argmin(1, n, inner, x.data(), y.data());
      CHECK(y == std::vector<Index>(y.size(), 9));
      if constexpr (std::is_floating_point_v<T>) {
        for (Index j = 0; j < inner; ++j) at(13, j) = at(17, j) = static_cast<T>(NAN);
        std::vector<T> m(y.size());
        for (auto arg : {t.argmax, t.argmin}) {
          arg(1, n, inner, x.data(), y.data());
          CHECK(y == std::vector<Index>(y.size(), 13));
        }
        for (auto extreme : {t.max, t.min, t.logsumexp}) {
          extreme(1, n, inner, x.data(), m.data());
          for (T v : m) CHECK(std::isnan(v));
        }
      }
    }
}

TEST_CASE_TEMPLATE("dot: the sum of the products, in f32 with the digits of double", T, float, double) {
  for (const Kernels* k : levels())
    for (const Index n : {0, 1, 15, 16, 257, 100000}) {
      const std::vector<T> a(static_cast<std::size_t>(n), T(0.1)), b(static_cast<std::size_t>(n), T(3));
      const double right = static_cast<double>(n) * static_cast<double>(T(0.1)) * 3;
      CHECK(std::fabs(table_of<T>(*k).dot(n, a.data(), b.data()) - right) <= 3e-7 * right);
    }
}

TEST_CASE_TEMPLATE("infinities in softmax and logsumexp", T, float, double) {
  const T inf = static_cast<T>(kInfinity);
  for (const Kernels* k : levels())
    for (Index n : {4, 40})
      for (Index inner : {1, 2}) {
        const Table<T>& t = table_of<T>(*k);
        std::vector<T> x(static_cast<std::size_t>(n * inner), -inf), y(x.size()), l(2);
        t.logsumexp(1, n, inner, x.data(), l.data());
        CHECK(l[0] == -inf);
        t.softmax(1, n, inner, x.data(), y.data());
        CHECK(std::isnan(y[0]));
        x[static_cast<std::size_t>(2 * inner)] = 1000;
        t.softmax(1, n, inner, x.data(), y.data());
        CHECK(y[0] == 0);
        CHECK(y[static_cast<std::size_t>(2 * inner)] == 1);
        t.log_softmax(1, n, inner, x.data(), y.data());
        CHECK(y[0] == -inf);
        CHECK(y[static_cast<std::size_t>(2 * inner)] == 0);
        t.logsumexp(1, n, inner, x.data(), l.data());
        CHECK(l[0] == 1000);
        x[static_cast<std::size_t>(3 * inner)] = inf;
        t.logsumexp(1, n, inner, x.data(), l.data());
        CHECK(l[0] == inf);
        t.softmax(1, n, inner, x.data(), y.data());
        CHECK(y[static_cast<std::size_t>(2 * inner)] == 0);
        CHECK(y[static_cast<std::size_t>(3 * inner)] == 1);
        t.log_softmax(1, n, inner, x.data(), y.data());
        CHECK(y[static_cast<std::size_t>(2 * inner)] == -inf);
        CHECK(y[static_cast<std::size_t>(3 * inner)] == 0);
      }
}

TEST_CASE("empty reductions") {
  for (const Kernels* k : levels())
    for (Index inner : {1, 2}) {
      float y[2] = {7, 7};
      k->f32.sum(1, 0, inner, nullptr, y);
      CHECK(y[0] == 0);
      k->f32.prod(1, 0, inner, nullptr, y);
      CHECK(y[inner - 1] == 1);
      k->f32.logsumexp(1, 0, inner, nullptr, y);
      CHECK(y[inner - 1] == -static_cast<float>(kInfinity));
      k->f32.softmax(1, 0, inner, nullptr, y);
    }
}

TEST_CASE("long f32 sums stay accurate") {
  const Index n = 1 << 20;
  const std::vector<float> x(static_cast<std::size_t>(n), 0.1f);
  const double exact = static_cast<double>(0.1f) * static_cast<double>(n);
  for (const Kernels* k : levels()) {
    float row, columns[2];
    k->f32.sum(1, n, 1, x.data(), &row);
    CHECK(std::fabs(row - exact) < 1e-6 * exact);
    k->f32.sum(1, n / 2, 2, x.data(), columns);
    CHECK(std::fabs(columns[0] - exact / 2) < 1e-6 * exact);
  }
}

TEST_CASE("index_select and index_add are adjoint") {
  const Index at[] = {2, 0, 2};
  for (const Kernels* k : levels())
    for (Index inner : {1, 5}) {
      const std::vector<float> x = normals<float>(2 * 3 * inner);
      std::vector<float> y(x.size()), back(x.size(), 1.f);
      k->f32.index_select(2, 3, inner, x.data(), 3, at, y.data());
      k->f32.index_add(2, 3, inner, back.data(), 3, at, y.data());
      for (Index o = 0; o < 2; ++o)
        for (Index i = 0; i < inner; ++i) {
          const auto e = [&](const std::vector<float>& v, Index j) {
            return v[static_cast<std::size_t>((o * 3 + j) * inner + i)];
          };
          CHECK((e(y, 0) == e(x, 2) && e(y, 1) == e(x, 0) && e(y, 2) == e(x, 2)));
          CHECK(e(back, 1) == 1);
          CHECK(e(back, 2) == doctest::Approx(1 + 2 * e(x, 2)));
        }
    }
}

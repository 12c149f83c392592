// Rules and normalisation of rows, against the same formulas in double.
#include <doctest/doctest.h>

#include "check.hpp"

using namespace gradus::kernels;

namespace {

template <class T>
double row_sum(const std::vector<T>& v, Index row, Index n, const std::vector<T>* times = nullptr) {
  double sum = 0;
  for (auto i = static_cast<std::size_t>(row * n); i < static_cast<std::size_t>((row + 1) * n); ++i)
    sum += static_cast<double>(v[i]) * (times ? static_cast<double>((*times)[i]) : 1);
  return sum;
}

// Calls f(rows, n, g, y, got, want) for sizes with and without tails, at every level; want starts as zeros.
template <class T, class F>
void over_rows(const F& f) {
  constexpr Index rows = 3;
  for (const Kernels* k : levels())
    for (Index n : {1, 2, 15, 16, 17, 31, 64, 100, 1023, 1024, 2500}) {
      const auto g = normals<T>(rows * n, 1), y = normals<T>(rows * n, 2);
      std::vector<T> got(g.size()), want(g.size());
      f(table_of<T>(*k), rows, n, g, y, got, want);
      INFO(std::string(k->isa), ", n = ", n);
      CHECK(distance(got, want) < (std::is_same_v<T, float> ? 2e-5 : 1e-12));
    }
}

}  // namespace

TEST_CASE_TEMPLATE("rules of softmax and log_softmax", T, float, double) {
  over_rows<T>([](const auto& t, Index rows, Index n, const auto& g, const auto& y, auto& got, auto& want) {
    t.softmax_vjp(rows, n, g.data(), y.data(), got.data());
    for (std::size_t i = 0; i < want.size(); ++i) {
      const double s = row_sum(g, static_cast<Index>(i) / n, n, &y);
      want[i] = static_cast<T>(static_cast<double>(y[i]) * (static_cast<double>(g[i]) - s));
    }
  });
  over_rows<T>([](const auto& t, Index rows, Index n, const auto& g, const auto& y, auto& got, auto& want) {
    t.log_softmax_vjp(rows, n, g.data(), y.data(), got.data());
    for (std::size_t i = 0; i < want.size(); ++i)
      want[i] = static_cast<T>(static_cast<double>(g[i]) -
                               std::exp(static_cast<double>(y[i])) * row_sum(g, static_cast<Index>(i) / n, n));
  });
}

TEST_CASE_TEMPLATE("normalised rows and their rule", T, float, double) {
  over_rows<T>([](const auto& t, Index rows, Index n, const auto& x, const auto&, auto& got, auto& want) {
    constexpr double eps = 1e-3;
    T r[3], mean[3], var[3];
    t.normalize(rows, n, eps, x.data(), got.data(), r, mean, var);
    const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-13;
    for (Index row = 0; row < rows; ++row) {
      const double m = row_sum(x, row, n) / static_cast<double>(n);
      double v = 0;
      for (Index i = row * n; i < (row + 1) * n; ++i)
        v += std::pow(static_cast<double>(x[static_cast<std::size_t>(i)]) - m, 2) / static_cast<double>(n);
      CHECK(std::abs(static_cast<double>(mean[row]) - m) < tolerance);
      CHECK(std::abs(static_cast<double>(var[row]) - v) < tolerance * (1 + v));
      CHECK(std::abs(static_cast<double>(r[row]) * std::sqrt(v + eps) - 1) < 10 * tolerance);
      for (Index i = row * n; i < (row + 1) * n; ++i)
        want[static_cast<std::size_t>(i)] =
            static_cast<T>((static_cast<double>(x[static_cast<std::size_t>(i)]) - m) / std::sqrt(v + eps));
    }
  });
  over_rows<T>([](const auto& t, Index rows, Index n, const auto& g, const auto& y, auto& got, auto& want) {
    const T r[] = {T(0.5), T(1), T(2)};
    t.normalize_vjp(rows, n, g.data(), y.data(), r, got.data());
    for (std::size_t i = 0; i < want.size(); ++i) {
      const Index row = static_cast<Index>(i) / n;
      const double mean = row_sum(g, row, n) / static_cast<double>(n),
                   along = row_sum(g, row, n, &y) / static_cast<double>(n);
      want[i] = static_cast<T>(static_cast<double>(r[row]) *
                               (static_cast<double>(g[i]) - mean - static_cast<double>(y[i]) * along));
    }
  });
}

TEST_CASE("NaN and infinity in a row stay in their row") {
  for (const Kernels* k : levels()) {
    std::vector<float> x = normals<float>(2 * 20);
    x[3] = static_cast<float>(kNan);
    std::vector<float> y(x.size()), z(x.size());
    float r[2], mean[2], var[2];
    k->f32.normalize(2, 20, 1e-5, x.data(), y.data(), r, mean, var);
    CHECK(std::isnan(y[0]));
    CHECK(std::isfinite(y[20]));
    k->f32.softmax_vjp(2, 20, x.data(), y.data(), z.data());
    CHECK(std::isnan(z[0]));
    CHECK(std::isfinite(z[20]));
  }
}

// Row by row nothing is large enough to be written past the caches; all rows at once are.
TEST_CASE_TEMPLATE("many rows are so many single rows", T, float, double) {
  for (const Index n : {Index(1024), Index(1000), Index(37)}) {
    const Index rows = (9 << 20) / static_cast<Index>(sizeof(T)) / n;
    const auto g = normals<T>(rows * n, 1), x = normals<T>(rows * n, 2), w = normals<T>(n, 3), b = normals<T>(n, 4);
    std::vector<T> whole(g.size() + 64), alone(g.size()), r(rows), mean(rows), var(rows), dw(n), db(n);
    T* y = whole.data();
    while (reinterpret_cast<std::uintptr_t>(y) % 64) ++y;
    for (const Kernels* k : levels()) {
      const Table<T>& t = table_of<T>(*k);
      const auto same = [&](const char* name, auto run) {
        std::fill(whole.begin(), whole.end(), T(0));
        run(0, rows, y);
        for (Index row = 0; row < rows; ++row) run(row, 1, alone.data() + row * n);
        INFO(std::string(name), " ", std::string(k->isa), ", n = ", n);
        CHECK(std::equal(alone.begin(), alone.end(), y));
      };
      same("normalize", [&](Index row, Index m, T* to) {
        t.normalize(m, n, 1e-5, x.data() + row * n, to, r.data() + row, mean.data() + row, var.data() + row);
      });
      same("normalize_vjp", [&](Index row, Index m, T* to) {
        t.normalize_vjp(m, n, g.data() + row * n, x.data() + row * n, r.data() + row, to);
      });
      same("layer_norm", [&](Index row, Index m, T* to) {
        t.layer_norm(m, n, 1e-5, x.data() + row * n, w.data(), b.data(), to, r.data() + row, mean.data() + row);
      });
      same("layer_norm_vjp", [&](Index row, Index m, T* to) {
        t.layer_norm_vjp(m, n, g.data() + row * n, x.data() + row * n, w.data(), r.data() + row, mean.data() + row, to,
                         dw.data(), db.data());
      });
      same("softmax_vjp",
           [&](Index row, Index m, T* to) { t.softmax_vjp(m, n, g.data() + row * n, x.data() + row * n, to); });
    }
  }
}

// Attention, recurrent steps and losses of rows against the sums that define them.
#include <doctest/doctest.h>

#include <string>

#include "check.hpp"
#include "kernels/parallel.hpp"

using namespace gradus::kernels;

namespace {

// Heads in the middle of a row that holds more than they need: [batch, row, heads * width + gap].
struct Heads {
  Heads(Index b, Index h, Index r, Index w, std::uint64_t seed)
      : rows{r * (h * w + 3), w, h * w + 3}, x(normals<double>(b * r * (h * w + 3), seed)) {}
  double at(Index b, Index h, Index r, Index j) const { return x[static_cast<std::size_t>(rows.at(b, h, r) + j)]; }
  HeadRows rows;
  std::vector<double> x;
};

template <class T>
std::vector<T> as(const std::vector<double>& x) {
  return {x.begin(), x.end()};
}

}  // namespace

TEST_CASE_TEMPLATE("attention, head by head", T, float, double) {
  struct Size {
    Index batch, heads, queries, keys, width, values;
  };
  for (const Kernels* level : levels())
    for (const Size n : {Size{1, 1, 1, 1, 1, 1}, Size{2, 3, 5, 7, 4, 2}, Size{1, 2, 32, 32, 8, 8},
                         Size{2, 1, 70, 33, 5, 9}, Size{1, 2, 33, 70, 3, 16}})
      for (const bool causal : {false, true}) {
        INFO(std::string(level->isa) << ": " << n.queries << " queries, " << n.keys << " keys, causal " << causal);
        const Heads q(n.batch, n.heads, n.queries, n.width, 1), k(n.batch, n.heads, n.keys, n.width, 2),
            v(n.batch, n.heads, n.keys, n.values, 3), g(n.batch, n.heads, n.queries, n.values, 4);
        const double scale = 0.4;
        const Attention s{n.batch, n.heads, n.queries, n.keys, n.width, n.values,
                          q.rows,  k.rows,  v.rows,    g.rows, scale,   causal};
        const auto fq = as<T>(q.x), fk = as<T>(k.x), fv = as<T>(v.x), fg = as<T>(g.x);
        const auto cells = static_cast<std::size_t>(n.batch * n.heads * n.queries * n.keys);
        std::vector<T> p(cells, T(9)), ds(cells), y(fg.size());
        const auto size = [&](Index rows, Index width) {
          return static_cast<std::size_t>(n.batch * n.heads * rows * width);
        };
        std::vector<T> dq(size(n.queries, n.width), T(9)), dk(size(n.keys, n.width), T(9)),
            dv(size(n.keys, n.values), T(9));
        const Table<T>& t = table_of<T>(*level);
        t.attention(s, fq.data(), fk.data(), fv.data(), p.data(), y.data());
        t.attention_vjp(s, fq.data(), fk.data(), fv.data(), p.data(), fg.data(), dq.data(), dk.data(), dv.data(),
                        ds.data());

        std::vector<double> wy(y.size()), wp(cells), wq(dq.size()), wk(dk.size()), wv(dv.size());
        const HeadRows to_q = packed(n.heads, n.queries, n.width), to_k = packed(n.heads, n.keys, n.width),
                       to_v = packed(n.heads, n.keys, n.values);
        const auto in = [](std::vector<double>& x, const HeadRows& rows, Index b, Index h, Index r,
                           Index j) -> double& { return x[static_cast<std::size_t>(rows.at(b, h, r) + j)]; };
        for (Index b = 0; b < n.batch; ++b)
          for (Index h = 0; h < n.heads; ++h)
            for (Index i = 0; i < n.queries; ++i) {
              const Index seen = causal ? std::min(n.keys, i + 1) : n.keys;
              double* row = wp.data() + ((b * n.heads + h) * n.queries + i) * n.keys;
              double total = 0, along = 0;
              std::vector<double> dp(static_cast<std::size_t>(seen));
              for (Index j = 0; j < seen; ++j) {
                double score = 0;
                for (Index e = 0; e < n.width; ++e) score += q.at(b, h, i, e) * k.at(b, h, j, e);
                total += row[j] = std::exp(scale * score);
              }
              for (Index j = 0; j < seen; ++j) {
                row[j] /= total;
                for (Index e = 0; e < n.values; ++e) {
                  in(wy, g.rows, b, h, i, e) += row[j] * v.at(b, h, j, e);
                  in(wv, to_v, b, h, j, e) += row[j] * g.at(b, h, i, e);
                  dp[static_cast<std::size_t>(j)] += g.at(b, h, i, e) * v.at(b, h, j, e);
                }
                along += row[j] * dp[static_cast<std::size_t>(j)];
              }
              for (Index j = 0; j < seen; ++j)
                for (Index e = 0; e < n.width; ++e) {
                  const double d = scale * row[j] * (dp[static_cast<std::size_t>(j)] - along);
                  in(wq, to_q, b, h, i, e) += d * k.at(b, h, j, e);
                  in(wk, to_k, b, h, j, e) += d * q.at(b, h, i, e);
                }
            }
        const double tolerance = std::is_same_v<T, float> ? 2e-5 : 1e-12;
        CHECK(distance(p, as<T>(wp)) < tolerance);
        CHECK(distance(y, as<T>(wy)) < tolerance);
        CHECK(distance(dq, as<T>(wq)) < tolerance);
        CHECK(distance(dk, as<T>(wk)) < tolerance);
        CHECK(distance(dv, as<T>(wv)) < tolerance);
      }
}

TEST_CASE_TEMPLATE("a memory's step, and a loss of rows", T, float, double) {
  const double tolerance = std::is_same_v<T, float> ? 2e-6 : 1e-13;
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  for (const Kernels* level : levels())
    for (const Index n : {1, 3, 16, 37}) {
      INFO(std::string(level->isa) << ": " << n);
      constexpr Index rows = 3;
      const auto a = normals<T>(rows * 4 * n, 1), c = normals<T>(rows * n, 2), g = normals<T>(2 * rows * n, 3);
      std::vector<T> y(g.size()), da(a.size()), dc(c.size());
      const Table<T>& t = table_of<T>(*level);
      t.lstm(rows, n, a.data(), c.data(), y.data());
      t.lstm_vjp(rows, n, a.data(), c.data(), y.data(), g.data(), da.data(), dc.data());
      std::vector<T> wy(y.size()), wa(a.size()), wc(c.size());
      for (Index r = 0; r < rows; ++r)
        for (Index j = 0; j < n; ++j) {
          const auto gate = [&](Index k) {
            return static_cast<double>(a[static_cast<std::size_t>((4 * r + k) * n + j)]);
          };
          const auto at = static_cast<std::size_t>(r * n + j), memory = at + static_cast<std::size_t>(rows * n);
          const double i = sigmoid(gate(0)), f = sigmoid(gate(1)), u = std::tanh(gate(2)), o = sigmoid(gate(3));
          const double before = static_cast<double>(c[at]), m = f * before + i * u, th = std::tanh(m);
          const double gh = static_cast<double>(g[at]), d = static_cast<double>(g[memory]) + gh * o * (1 - th * th);
          wy[at] = static_cast<T>(o * th), wy[memory] = static_cast<T>(m);
          const double all[] = {d * u * i * (1 - i), d * before * f * (1 - f), d * i * (1 - u * u),
                                gh * th * o * (1 - o)};
          for (Index k = 0; k < 4; ++k) wa[static_cast<std::size_t>((4 * r + k) * n + j)] = static_cast<T>(all[k]);
          wc[at] = static_cast<T>(d * f);
        }
      CHECK(distance(y, wy) < tolerance);
      CHECK(distance(da, wa) < tolerance);
      CHECK(distance(dc, wc) < tolerance);

      const std::vector<Index> label{n - 1, 0, n / 2};
      std::vector<T> x(normals<T>(rows * n, 6)), loss(rows), dx(x.size()), want(rows), wdx(x.size());
      for (std::size_t i = 0; i < x.size(); i += 5) x[i] *= 40;
      t.cross_entropy(rows, n, x.data(), label.data(), loss.data());
      t.cross_entropy_vjp(rows, n, x.data(), label.data(), g.data(), dx.data());
      for (std::size_t r = 0; r < rows; ++r) {
        const T* row = x.data() + r * static_cast<std::size_t>(n);
        const auto value = [&](Index j) { return static_cast<double>(row[j]); };
        double top = value(0), total = 0;
        for (Index j = 0; j < n; ++j) top = std::max(top, value(j));
        for (Index j = 0; j < n; ++j) total += std::exp(value(j) - top);
        want[r] = static_cast<T>(std::log(total) + top - value(label[r]));
        for (Index j = 0; j < n; ++j)
          wdx[r * static_cast<std::size_t>(n) + static_cast<std::size_t>(j)] =
              static_cast<T>(static_cast<double>(g[r]) * (std::exp(value(j) - top) / total - (j == label[r])));
      }
      CHECK(distance(loss, want) < tolerance);
      CHECK(distance(dx, wdx) < tolerance);
    }
}

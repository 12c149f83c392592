// Convolution and pooling against the sums that define them.
#include <doctest/doctest.h>

#include <string>

#include "check.hpp"
#include "kernels/parallel.hpp"

using namespace gradus::kernels;

namespace {

Conv shape(Index n, Index c, Index h, Index w, Index o, Index kh, Index kw, Index s = 1, Index p = 0, Index d = 1,
           Index groups = 1) {
  Conv v{n, c, h, w, o, kh, kw, 0, 0, s, s, p, p, d, d, groups};
  v.oh = std::max<Index>(0, (h + 2 * p - d * (kh - 1) - 1) / s + 1);
  v.ow = std::max<Index>(0, (w + 2 * p - d * (kw - 1) - 1) / s + 1);
  return v;
}

const Conv kConvs[] = {
    shape(2, 3, 8, 9, 4, 3, 3), shape(3, 1, 28, 28, 6, 5, 5), shape(2, 4, 7, 7, 6, 3, 2, 2, 1),
    shape(1, 4, 9, 10, 4, 3, 3, 1, 2, 2, 2), shape(2, 6, 5, 5, 6, 3, 3, 1, 1, 1, 6), shape(3, 5, 6, 7, 8, 1, 1),
    shape(2, 4, 6, 7, 8, 1, 1, 1, 0, 1, 2), shape(2, 4, 6, 6, 4, 1, 1, 2), shape(1, 2, 4, 4, 2, 4, 4),
    shape(1, 8, 40, 400, 8, 3, 3, 1, 1), shape(11, 2, 5, 5, 3, 3, 3, 1, 1), shape(1, 1, 3, 3, 1, 3, 3, 3, 4),
    shape(0, 3, 8, 8, 4, 3, 3), shape(2, 3, 8, 8, 0, 3, 3), shape(2, 0, 8, 8, 4, 3, 3), shape(2, 3, 2, 2, 4, 3, 3),
    // Images in the lanes: whole blocks, with a rest for the lanes, with one for the columns, less than a block.
    shape(16, 3, 8, 9, 4, 3, 3), shape(24, 2, 20, 18, 17, 5, 5, 1, 2), shape(35, 6, 7, 7, 6, 3, 2, 2, 1),
    shape(9, 4, 5, 6, 3, 2, 4), shape(16, 4, 9, 10, 4, 3, 3, 1, 2, 2, 2), shape(16, 4, 19, 10, 6, 3, 7, 3, 4, 2, 2),
    shape(19, 12, 33, 21, 30, 3, 3, 1, 1, 1, 3), shape(16, 2, 1, 5, 2, 3, 3, 1, 3),
    // One by one: alone, in strips, as the rest of a batch, with groups, and just where the columns begin.
    shape(1, 4, 30, 31, 17, 3, 3, 1, 1), shape(2, 5, 33, 29, 9, 5, 2, 1, 2), shape(1, 8, 90, 210, 8, 3, 3, 1, 1),
    shape(19, 3, 20, 20, 9, 3, 3, 1, 1), shape(3, 16, 18, 17, 16, 3, 3, 1, 2, 2, 2),
    shape(1, 12, 40, 24, 8, 2, 9, 1, 0), shape(3, 2, 16, 16, 8, 3, 3, 1, 1), shape(2, 2, 16, 16, 8, 3, 3, 1, 1),
    shape(16, 3, 60, 70, 5, 3, 3),  // in strips
};

// Calls f(image, output channel, input channel, output pixel, input pixel, weight index) for every product in the sum.
template <class F>
void for_products(const Conv& v, F f) {
  const Index cg = v.c / v.groups, og = v.o / v.groups;
  for (Index n = 0; n < v.n; ++n)
    for (Index o = 0; o < v.o; ++o)
      for (Index c = 0; c < cg; ++c)
        for (Index i = 0; i < v.kh; ++i)
          for (Index j = 0; j < v.kw; ++j)
            for (Index r = 0; r < v.oh; ++r)
              for (Index q = 0; q < v.ow; ++q) {
                const Index h = r * v.sh - v.ph + i * v.dh, w = q * v.sw - v.pw + j * v.dw, channel = o / og * cg + c;
                if (h < 0 || h >= v.h || w < 0 || w >= v.w) continue;
                f(static_cast<std::size_t>(((n * v.c + channel) * v.h + h) * v.w + w),
                  static_cast<std::size_t>(((o * cg + c) * v.kh + i) * v.kw + j),
                  static_cast<std::size_t>(((n * v.o + o) * v.oh + r) * v.ow + q));
              }
}

template <class T>
struct Results {
  std::vector<T> y, gx, gw;
  bool operator==(const Results&) const = default;
};

template <class T>
struct Problem {
  std::vector<T> x, w, gy;
  explicit Problem(const Conv& v)
      : x(normals<T>(v.n * v.c * v.h * v.w, 1)),
        w(normals<T>(v.o * (v.c / v.groups) * v.kh * v.kw, 2)),
        gy(normals<T>(v.n * v.o * v.oh * v.ow, 3)) {}

  Results<T> run(const Kernels& k, const Conv& v) const {
    const T garbage = static_cast<T>(NAN);
    Results<T> r{std::vector<T>(gy.size(), garbage), std::vector<T>(x.size(), garbage),
                 std::vector<T>(w.size(), garbage)};
    std::vector<T> scratch(static_cast<std::size_t>(conv_scratch(v)), garbage);
    table_of<T>(k).conv2d(v, x.data(), w.data(), nullptr, r.y.data(), scratch.data());
    table_of<T>(k).conv2d_input(v, w.data(), gy.data(), r.gx.data(), scratch.data());
    table_of<T>(k).conv2d_weight(v, x.data(), gy.data(), r.gw.data(), scratch.data());
    return r;
  }
};

std::string text(const Conv& v) {
  std::string s;
  for (Index i : {v.n, v.c, v.h, v.w, v.o, v.kh, v.kw, v.sh, v.ph, v.dh, v.groups}) s += std::to_string(i) + " ";
  return s;
}

}  // namespace

TEST_CASE_TEMPLATE("convolution, its input gradient and its weight gradient", T, float, double) {
  for (const Conv& v : kConvs) {
    const Problem<T> p(v);
    std::vector<double> y(p.gy.size()), gx(p.x.size()), gw(p.w.size());
    for_products(v, [&](std::size_t x, std::size_t w, std::size_t o) {
      y[o] += static_cast<double>(p.x[x]) * static_cast<double>(p.w[w]);
      gx[x] += static_cast<double>(p.w[w]) * static_cast<double>(p.gy[o]);
      gw[w] += static_cast<double>(p.x[x]) * static_cast<double>(p.gy[o]);
    });
    const double tolerance = std::is_same_v<T, float> ? 2e-5 : 1e-12;
    const double many =
        1 + 0.1 * std::sqrt(static_cast<double>(v.n * v.oh * v.ow));  // products in one weight's gradient
    for (const Kernels* k : levels()) {
      const Results<T> r = p.run(*k, v);
      INFO(std::string(k->isa) << ": " << text(v));
      CHECK(distance(r.y, {y.begin(), y.end()}) < tolerance);
      CHECK(distance(r.gx, {gx.begin(), gx.end()}) < tolerance);
      CHECK(distance(r.gw, {gw.begin(), gw.end()}) < tolerance * many);
    }
  }
}

TEST_CASE("convolution does not depend on the number of threads") {
  const int before = num_threads();
  for (const Conv& v : {shape(9, 8, 20, 20, 16, 3, 3), shape(37, 8, 20, 20, 16, 3, 3), shape(64, 6, 12, 12, 16, 5, 5),
                        shape(1, 16, 60, 60, 16, 3, 3, 1, 1), shape(5, 16, 30, 30, 32, 1, 1)}) {
    const Problem<float> p(v);
    set_num_threads(1);
    const Results<float> one = p.run(active(), v);
    for (int threads : {2, 3, 5}) {
      set_num_threads(threads);
      CHECK(p.run(active(), v) == one);
    }
  }
  set_num_threads(before);
}

TEST_CASE_TEMPLATE("pooling", T, float, double) {
  const Conv pools[] = {
      shape(2, 3, 24, 24, 3, 2, 2, 2),     shape(1, 2, 7, 9, 2, 3, 3, 2, 1), shape(2, 1, 8, 8, 1, 3, 2, 1, 1, 2),
      shape(1, 2, 5, 300, 2, 2, 3),        shape(1, 1, 9, 9, 1, 3, 3, 3),    shape(0, 2, 4, 4, 2, 2, 2, 2),
      shape(2, 2, 8, 8, 2, 2, 2, 2),       shape(1, 3, 5, 11, 3, 2, 2, 2),   shape(1, 1, 6, 16, 1, 2, 2, 2),
      shape(1, 2, 3, 35, 2, 2, 2, 2),      shape(2, 1, 4, 32, 1, 2, 2, 2),   shape(1, 2, 9, 67, 2, 2, 2, 2),
      shape(1, 2, 20, 40, 2, 16, 17, 3, 8)};
  for (const Kernels* k : levels())
    for (const Conv& v : pools) {
      const Table<T>& t = table_of<T>(*k);
      std::vector<T> x = normals<T>(v.n * v.c * v.h * v.w);
      for (std::size_t i = 0; i < x.size(); i += 7) x[i] = std::round(x[i]);  // some ties
      const Index planes = v.n * v.c;
      const auto size = static_cast<std::size_t>(planes * v.oh * v.ow);
      std::vector<T> y(size), want(size), average(size), gx(x.size()), want_gx(x.size());
      std::vector<std::size_t> winner(size);
      INFO(std::string(k->isa) << ": " << text(v));
      for (bool padding : {false, true}) {
        const std::vector<T> gy = normals<T>(static_cast<Index>(size), 4);
        std::vector<T> want_average(size);
        want_gx.assign(x.size(), 0);
        std::size_t out = 0;
        for (Index plane = 0; plane < planes; ++plane)
          for (Index r = 0; r < v.oh; ++r)
            for (Index q = 0; q < v.ow; ++q, ++out) {
              std::vector<std::size_t> window;
              for (Index i = 0; i < v.kh; ++i)
                for (Index j = 0; j < v.kw; ++j) {
                  const Index h = r * v.sh - v.ph + i * v.dh, w = q * v.sw - v.pw + j * v.dw;
                  if (h >= 0 && h < v.h && w >= 0 && w < v.w)
                    window.push_back(static_cast<std::size_t>((plane * v.h + h) * v.w + w));
                }
              std::size_t best = window.at(0);
              double sum = 0;
              const double count = padding ? static_cast<double>(v.kh * v.kw) : static_cast<double>(window.size());
              for (std::size_t i : window) {
                best = x[i] > x[best] ? i : best;
                sum += static_cast<double>(x[i]);
                want_gx[i] += static_cast<T>(static_cast<double>(gy[out]) / count);
              }
              want[out] = x[best];
              winner[out] = best;
              want_average[out] = static_cast<T>(sum / count);
            }
        t.avg_pool2d(v, padding, x.data(), average.data());
        CHECK(distance(average, want_average) < 1e-6);
        t.avg_pool2d_input(v, padding, gy.data(), gx.data());
        CHECK(distance(gx, want_gx) < 1e-6);
      }
      const std::vector<T> g = normals<T>(static_cast<Index>(size), 5);
      for (bool rectify : {false, true}) {  // after a relu, which has no gradient where it is 0
        std::vector<std::uint8_t> taps(size * static_cast<std::size_t>(Taps(v).bytes));
        t.max_pool2d(v, rectify, x.data(), y.data(), taps.data());
        std::vector<T> back(x.size(), T(7)), want_back(x.size());
        t.max_pool2d_input(v, g.data(), taps.data(), back.data());
        for (std::size_t i = 0; i < size; ++i) {
          if (rectify && want[i] <= 0)
            want[i] = 0;
          else
            want_back[winner[i]] += g[i];
        }
        CHECK(y == want);
        CHECK(distance(back, want_back) < 1e-6);
      }
    }
}

TEST_CASE("max_pool2d: NaN wins, the first of several; a window of -inf has an index inside it") {
  const float inf = static_cast<float>(kInfinity);
  const float x[] = {1, NAN, -inf, -inf, NAN, 9, -inf, -inf};
  for (const Kernels* k : levels()) {
    float y[2];
    std::uint8_t tap[2];
    k->f32.max_pool2d(shape(1, 1, 2, 4, 1, 2, 2, 2), false, x, y, tap);
    CHECK((std::isnan(y[0]) && tap[0] == 1));
    CHECK((y[1] == -inf && tap[1] == 0));
    k->f32.max_pool2d(shape(1, 1, 2, 4, 1, 2, 2, 2), true, x, y, tap);
    CHECK((std::isnan(y[0]) && tap[0] == 1));
    CHECK((y[1] == 0 && tap[1] == 255));
  }
}

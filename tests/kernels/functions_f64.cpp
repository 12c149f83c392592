// Every f64 function of our own against long double, over all exponents and where each bends; the same bits at every
// level.
#include <doctest/doctest.h>

#include <cfloat>
#include <cstring>
#include <random>
#include <string>

#include "check.hpp"
#include "kernels/denormals.hpp"

using namespace gradus::kernels;

namespace {

using Long = long double;
constexpr double kLeast = 5e-324;

double ulps64(double got, Long exact) {
  if (same(static_cast<double>(exact), got)) return 0;
  if (!std::isfinite(got) || std::isnan(exact)) return kInfinity;
  const int exponent = exact == 0 ? -1022 : std::max(-1022, std::ilogb(exact));
  return static_cast<double>(std::fabs(got - exact) / std::ldexp(Long(1), exponent - 52));
}

Long sigmoid_long(Long x) { return 1 / (1 + std::exp(-x)); }
Long cdf_long(Long x) { return std::erfc(-x / std::sqrt(Long(2))) / 2; }

struct Case {
  const char* name;
  Required<Map1<double>> Table<double>::*entry;
  Long (*reference)(Long);
  double bound;            // ULP
  double from, to;         // where it does its work
  double limit = DBL_MAX;  // of |x|, beyond which the C library answers or the bound is not claimed
};

const Case kCases[] = {
    {"exp", &Table<double>::exp, [](Long x) { return std::exp(x); }, 1, -746, 710},
    {"expm1", &Table<double>::expm1, [](Long x) { return std::expm1(x); }, 2, -2, 2},
    {"log", &Table<double>::log, [](Long x) { return std::log(x); }, 1, 0.5, 2},
    {"log1p", &Table<double>::log1p, [](Long x) { return std::log1p(x); }, 2, -0.9, 1},
    {"tanh", &Table<double>::tanh, [](Long x) { return std::tanh(x); }, 2, -3, 3},
    {"sigmoid", &Table<double>::sigmoid, sigmoid_long, 2, -30, 30},
    {"log_sigmoid", &Table<double>::log_sigmoid,
     [](Long x) { return std::min(x, Long(0)) - std::log1p(std::exp(-std::fabs(x))); }, 2, -30, 30},
    {"erf", &Table<double>::erf, [](Long x) { return std::erf(x); }, 2, -6, 6},
    {"sin", &Table<double>::sin, [](Long x) { return std::sin(x); }, 1, -1e4, 1e4, 1048575},
    {"cos", &Table<double>::cos, [](Long x) { return std::cos(x); }, 1, -1e4, 1e4, 1048575},
    {"silu", &Table<double>::silu, [](Long x) { return x * sigmoid_long(x); }, 4, -20, 20, 700},
    {"gelu", &Table<double>::gelu, [](Long x) { return x * cdf_long(x); }, 8, -6, 6, 37},
};

std::vector<double> sample(const Case& c, int count) {
  std::vector<double> x{0.0,        -0.0,      1.0,     -1.0,  0.5,     kInfinity, -kInfinity, kNan,   kLeast,
                        -kLeast,    1e-310,    -1e-310, 1e308, -1e308,  709.78,    709.79,     -745.1, -745.2,
                        DBL_MIN,    -DBL_MIN,  1e22,    -1e22, 1e300,   0.625,     -0.625,     6.5,    -6.5,
                        1048575.75, 1048576.0, 5.5,     -37.5, DBL_MAX, -DBL_MAX};
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> inside(c.from, c.to);
  for (int i = 0; i < count; ++i) {
    x.push_back(inside(random));
    double any;
    const std::uint64_t bits = random();
    std::memcpy(&any, &bits, sizeof any);
    x.push_back(any);
    x.push_back(std::ldexp(inside(random), static_cast<int>(random() % 80) - 60));
    x.push_back((static_cast<double>(random() % 20000) - 10000) * 1.5707963267948966);  // where sin or cos is near 0
    x.push_back((static_cast<double>(random() % 2000) - 1000) * 0.34657359027997264);   // where exp's reduction turns
  }
  return x;
}

}  // namespace

TEST_CASE("f64 functions stay within their ULP bounds") {
  if (LDBL_MANT_DIG < 64) return;  // no better reference than they are
  for (const Case& c : kCases) {
    const std::vector<double> x = sample(c, 10'000);
    std::vector<double> y(x.size());
    (active().f64.*c.entry)(static_cast<Index>(x.size()), x.data(), 1, y.data());
    double worst = 0, where = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (std::fabs(x[i]) > c.limit) continue;
      const double u = ulps64(y[i], c.reference(x[i]));
      if (u > worst) worst = u, where = x[i];
    }
    INFO(std::string(c.name) << ": " << worst << " ULP at " << where);
    CHECK(worst <= c.bound);
  }
}

TEST_CASE("f64 functions give the same bits at every level, in any company") {
  for (const Case& c : kCases) {
    std::vector<double> x = sample(c, 500);
    const auto n = static_cast<Index>(x.size());
    std::vector<double> first(x.size()), y(x.size());
    (levels()[0]->f64.*c.entry)(n, x.data(), 1, first.data());
    for (const Kernels* k : levels()) {
      INFO(std::string(k->isa) << " " << std::string(c.name));
      (k->f64.*c.entry)(n, x.data(), 1, y.data());
      CHECK(std::equal(y.begin(), y.end(), first.begin(), same<double>));
      bool alone = true;
      for (Index i = 0; i < n; ++i) {
        double one;
        (k->f64.*c.entry)(1, &x[static_cast<std::size_t>(i)], 1, &one);
        alone = alone && same(one, first[static_cast<std::size_t>(i)]);
      }
      CHECK(alone);
      std::vector<double> in_place = x;
      (k->f64.*c.entry)(n, in_place.data(), 1, in_place.data());
      CHECK(std::equal(in_place.begin(), in_place.end(), first.begin(), same<double>));
    }
  }
}

TEST_CASE("sines of huge arguments are the C library's, and do not change their neighbours'") {
  for (const Kernels* k : levels()) {
    std::vector<double> x{1e22, 0.5, -1e300, 3, 1048576.5, kInfinity, -0.25}, y(x.size());
    k->f64.sin(7, x.data(), 1, y.data());
    for (const std::size_t i : {0, 2, 4}) CHECK(y[i] == std::sin(x[i]));
    CHECK(std::isnan(y[5]));
    k->f64.cos(7, x.data(), 1, y.data());
    for (const std::size_t i : {0, 2, 4}) CHECK(y[i] == std::cos(x[i]));
    const float a[] = {1e20f, 0.7f, 2.5f}, b[] = {0.f, 0.7f, 2.5f};
    float with[3], without[3];
    k->f32.sin(3, a, 1, with);
    k->f32.sin(3, b, 1, without);
    CHECK(with[1] == without[1]);
    CHECK(with[2] == without[2]);
  }
}

TEST_CASE("signed zeros and denormals of f64 functions") {
  using T = Table<double>;
  for (const Kernels* k : levels()) {
    const Required<Map1<double>> T::*odd[] = {&T::expm1, &T::log1p, &T::sin, &T::tanh};
    for (auto entry : odd) {
      for (const Index n : {2, 300}) {  // short and long arrays go different ways
        std::vector<double> x(static_cast<std::size_t>(n), -0.0), y(x.size());
        x[0] = -kLeast;
        (k->f64.*entry)(n, x.data(), 1, y.data());
        CHECK(y[0] == -kLeast);
        CHECK(y[1] == 0);
        CHECK(std::signbit(y[1]));
      }
    }
  }
}

#ifdef __SSE2__
// An operation with a denormal is what costs a hundred times another: the processor notes that there was one.
TEST_CASE("exp, tanh, sin and cos do no arithmetic on denormals") {
  const auto notes = [](auto entry, const auto& x, auto& y) {
    constexpr std::uint64_t kNotes = 0x12;  // MXCSR: denormal operand, underflow
    set_float_mode(float_mode() & ~kNotes);
    entry(static_cast<Index>(x.size()), x.data(), 1, y.data());
    return float_mode() & kNotes;
  };
  for (const Kernels* k : levels()) {
    const auto check = [&]<class T>(const Table<T>& t) {
      std::vector<T> x(1000), y(1000);
      for (std::size_t i = 0; i < x.size(); ++i)
        x[i] = std::numeric_limits<T>::denorm_min() * static_cast<T>(i) * (i % 2 ? T(1) : T(-1));
      const auto mode = float_mode() & kFlushBits;
      for (const auto& entry : {t.exp, t.tanh, t.sin, t.cos}) CHECK(notes(entry, x, y) == 0);
      CHECK((float_mode() & kFlushBits) == mode);
      t.tanh(1000, x.data(), 1, y.data());
      CHECK(x == y);
      t.exp(1000, x.data(), 1, y.data());
      CHECK(y == std::vector<T>(1000, T(1)));
      for (T& v : x) v = T(-88);  // a result may be a denormal
      t.exp(1000, x.data(), 1, y.data());
      CHECK(y[500] > 0);
    };
    check(k->f32);
    check(k->f64);
  }
}
#endif

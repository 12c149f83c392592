// Every f32 function against a double reference, over all exponents and where each function bends; every level.
#include <doctest/doctest.h>

#include <bit>
#include <functional>
#include <string>

#include "check.hpp"

using namespace gradus::kernels;

namespace {

std::vector<float> sample() {
  std::vector<float> x{0.f,
                       -0.f,
                       1.f,
                       -1.f,
                       2.f,
                       -2.f,
                       0.5f,
                       1e-45f,
                       -1e-45f,
                       1e-38f,
                       -1e-38f,
                       3e38f,
                       -3e38f,
                       88.7f,
                       88.73f,
                       -87.3f,
                       -103.9f,
                       -104.1f,
                       16777216.f,
                       1e5f,
                       65535.9f,
                       -65536.1f,
                       0.70710678f,
                       1.41421356f,
                       0.625f,
                       -0.99999994f,
                       static_cast<float>(kInfinity),
                       -static_cast<float>(kInfinity),
                       static_cast<float>(kNan)};
  for (std::uint32_t b = 0; b < 0xffffffffu - 9973; b += 9973) x.push_back(std::bit_cast<float>(b));  // every binade
  for (int i = -40000; i <= 40000; ++i) {
    x.push_back(static_cast<float>(i) * 2.5e-3f);  // the range where most functions do their work
    x.push_back(static_cast<float>(i) * 1e-4f);
    x.push_back(1.f + static_cast<float>(i) * 1e-6f);
  }
  return x;
}

double sigmoid64(double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
double cdf64(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }
double gauss64(double x) { return std::exp(-0.5 * x * x) / std::sqrt(2 * std::acos(-1.0)); }
double tanh_gelu_argument(double x) { return 2 * std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x); }

using Reference = double (*)(double);
struct Case {
  const char* name;
  Required<Map1<float>> Table<float>::*entry;
  Reference reference;
  double bound;         // ULP
  double from = -4e38;  // below it the bound is not claimed
};

const Case kCases[] = {
    {"neg", &Table<float>::neg, [](double x) { return -x; }, 0},
    {"abs", &Table<float>::abs, [](double x) { return std::fabs(x); }, 0},
    {"sign", &Table<float>::sign, [](double x) { return x > 0   ? 1
                                                        : x < 0 ? -1
                                                                : x; }, 0},
    {"square", &Table<float>::square, [](double x) { return x * x; }, 0.5},
    {"sqrt", &Table<float>::sqrt, [](double x) { return std::sqrt(x); }, 0.5},
    {"rsqrt", &Table<float>::rsqrt, [](double x) { return 1 / std::sqrt(x); }, 1.5},
    {"reciprocal", &Table<float>::reciprocal, [](double x) { return 1 / x; }, 0.5},
    {"exp", &Table<float>::exp, [](double x) { return std::exp(x); }, 1.5},
    {"expm1", &Table<float>::expm1, [](double x) { return std::expm1(x); }, 2.5},
    {"log", &Table<float>::log, [](double x) { return std::log(x); }, 1.0},
    {"log1p", &Table<float>::log1p, [](double x) { return std::log1p(x); }, 1.5},
    {"sin", &Table<float>::sin, [](double x) { return std::sin(x); }, 1.5},
    {"cos", &Table<float>::cos, [](double x) { return std::cos(x); }, 1.5},
    {"tan", &Table<float>::tan, [](double x) { return std::tan(x); }, 1.5},
    {"tanh", &Table<float>::tanh, [](double x) { return std::tanh(x); }, 2.0},
    {"sigmoid", &Table<float>::sigmoid, sigmoid64, 2.5},
    {"log_sigmoid", &Table<float>::log_sigmoid,
     [](double x) { return std::min(x, 0.0) - std::log1p(std::exp(-std::fabs(x))); }, 2.5},
    {"erf", &Table<float>::erf, [](double x) { return std::erf(x); }, 2.0},
    {"relu", &Table<float>::relu, [](double x) { return x <= 0 ? 0 : x; }, 0},
    {"silu", &Table<float>::silu, [](double x) { return x * sigmoid64(x); }, 3.5, -87},
    {"gelu", &Table<float>::gelu, [](double x) { return x * cdf64(x); }, 6, -12.5},
    {"gelu_tanh", &Table<float>::gelu_tanh, [](double x) { return x * sigmoid64(tanh_gelu_argument(x)); }, 6, -1.5},
};

}  // namespace

TEST_CASE("f32 functions stay within their ULP bounds") {
  const std::vector<float> x = sample();
  std::vector<float> y(x.size());
  for (const Kernels* k : levels())
    for (const Case& c : kCases) {
      (k->f32.*c.entry)(static_cast<Index>(x.size()), x.data(), 1, y.data());
      double worst = 0;
      float where = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (x[i] < c.from) continue;
        const double u = ulps(y[i], c.reference(x[i]));
        if (u > worst) worst = u, where = x[i];
      }
      INFO(std::string(k->isa) << " " << std::string(c.name) << ": " << worst << " ULP at " << where);
      CHECK(worst <= c.bound);
    }
}

TEST_CASE("f32 functions keep signed zeros and NaN") {
  const float zeros[] = {0.f, -0.f};
  float y[2];
  using T = Table<float>;
  for (const Kernels* k : levels()) {
    const Required<Map1<float>> T::*odd[] = {&T::sqrt, &T::expm1, &T::log1p, &T::sin, &T::tan,
                                             &T::tanh, &T::erf,   &T::sign,  &T::copy};
    for (auto entry : odd) {
      (k->f32.*entry)(2, zeros, 1, y);
      CHECK(y[0] == 0);
      CHECK(!std::signbit(y[0]));
      CHECK(y[1] == 0);
      CHECK(std::signbit(y[1]));
    }
    const float nans[] = {NAN, 1.f, NAN, NAN};
    float out[4];
    for (const Case& c : kCases) {
      (k->f32.*c.entry)(4, nans, 1, out);
      CHECK_MESSAGE((std::isnan(out[0]) && !std::isnan(out[1]) && std::isnan(out[3])), c.name);
    }
    const Required<Map1k<float>> T::*with_numbers[] = {&T::clamp,    &T::leaky_relu, &T::elu,
                                                       &T::softplus, &T::add_scalar, &T::mul_scalar};
    for (auto entry : with_numbers) {
      (k->f32.*entry)(4, nans, 1, out, 1, 20);
      CHECK((std::isnan(out[0]) && !std::isnan(out[1]) && std::isnan(out[3])));
    }
  }
}

TEST_CASE("functions with parameters and fused backward rules") {
  std::vector<double> x;
  for (int i = -2000; i <= 2000; ++i) x.push_back(i * 0.01);
  const auto n = static_cast<Index>(x.size());
  const std::vector<float> x32(x.begin(), x.end()), g32(x.size(), 1.f);
  const std::vector<double> g(x.size(), 1.0);
  std::vector<double> y(x.size());
  std::vector<float> y32(x.size());

  const auto close = [&](const char* name, std::function<double(double)> reference) {
    double worst64 = 0, worst32 = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double r = reference(x[i]), r32 = reference(x32[i]);
      if (!same(y[i], r)) worst64 = std::max(worst64, std::fabs(y[i] - r) / (1e-3 + std::fabs(r)));
      if (!same(static_cast<double>(y32[i]), r32))
        worst32 = std::max(worst32, std::fabs(y32[i] - r32) / (0.1 + std::fabs(r32)));
    }
    INFO(std::string(name));
    CHECK(worst64 < 1e-12);
    CHECK(worst32 < 2e-6);
  };
  for (const Kernels* k : levels()) {
    const auto with = [&](auto entry64, auto entry32, double k0, double k1) {
      (k->f64.*entry64)(n, x.data(), 1, y.data(), k0, k1);
      (k->f32.*entry32)(n, x32.data(), 1, y32.data(), k0, k1);
    };
    const auto rule = [&](auto entry64, auto entry32) {
      (k->f64.*entry64)(n, g.data(), 1, x.data(), 1, y.data());
      (k->f32.*entry32)(n, g32.data(), 1, x32.data(), 1, y32.data());
    };
    using D = Table<double>;
    using F = Table<float>;
    for (double e : {2.0, 3.0, -1.0, 0.5, 1.0, 0.0, -0.5, 1.7}) {
      with(&D::pow_scalar, &F::pow_scalar, e, 0);
      close("pow_scalar", [e](double v) { return std::pow(v, e); });
    }
    with(&D::add_scalar, &F::add_scalar, 0.25, 0);
    close("add_scalar", [](double v) { return v + 0.25; });
    with(&D::mul_scalar, &F::mul_scalar, 0.25, 0);
    close("mul_scalar", [](double v) { return v * 0.25; });
    with(&D::clamp, &F::clamp, -0.5, 2);
    close("clamp", [](double v) { return std::min(std::max(v, -0.5), 2.0); });
    with(&D::leaky_relu, &F::leaky_relu, 0.125, 0);
    close("leaky_relu", [](double v) { return v > 0 ? v : 0.125 * v; });
    with(&D::elu, &F::elu, 1.5, 0);
    close("elu", [](double v) { return v > 0 ? v : 1.5 * std::expm1(v); });
    with(&D::softplus, &F::softplus, 2, 20);
    close("softplus", [](double v) { return 2 * v > 20 ? v : std::log1p(std::exp(2 * v)) / 2; });

    rule(&D::relu_vjp, &F::relu_vjp);
    close("relu_vjp", [](double v) { return v <= 0 ? 0.0 : 1.0; });
    rule(&D::tanh_vjp, &F::tanh_vjp);
    close("tanh_vjp", [](double v) { return 1 - v * v; });
    rule(&D::sigmoid_vjp, &F::sigmoid_vjp);
    close("sigmoid_vjp", [](double v) { return v * (1 - v); });
    rule(&D::silu_vjp, &F::silu_vjp);
    close("silu_vjp", [](double v) { return sigmoid64(v) * (1 + v * (1 - sigmoid64(v))); });
    rule(&D::gelu_vjp, &F::gelu_vjp);
    close("gelu_vjp", [](double v) { return cdf64(v) + v * gauss64(v); });
    rule(&D::gelu_tanh_vjp, &F::gelu_tanh_vjp);
    close("gelu_tanh_vjp", [](double v) {
      const double s = sigmoid64(tanh_gelu_argument(v)),
                   slope = 2 * std::sqrt(2 / std::acos(-1.0)) * (1 + 3 * 0.044715 * v * v);
      return s + v * s * (1 - s) * slope;
    });
  }
}

TEST_CASE("powers follow std::pow") {
  const double bases[] = {0.0, -0.0, 1, -1, 2, -8, kInfinity, -kInfinity, kNan};
  for (const Kernels* k : levels())
    for (double e : {0.0, 0.5, -0.5, 1.0, -1.0, 2.0, 3.0, 1.5, kInfinity, kNan}) {
      double y[9];
      k->f64.pow_scalar(9, bases, 1, y, e, 0);
      for (int i = 0; i < 9; ++i) {
        INFO(bases[i] << " ^ " << e);
        CHECK(same(y[i], std::pow(bases[i], e)));
        CHECK(std::signbit(y[i]) == std::signbit(std::pow(bases[i], e)));
      }
    }
}

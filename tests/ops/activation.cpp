// Activations: values, kinks, far arguments, first and second derivatives, both ways of walking.
#include <gradus/gradcheck.hpp>
#include <gradus/ops.hpp>
#include <gradus/tape.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "support.hpp"

using namespace gradus;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity(), kNan = std::numeric_limits<double>::quiet_NaN();

struct Case {
  const char* name;
  Tensor (*f)(const Tensor& x);
  double (*exact)(double x);
};

double logistic(double x) { return 1 / (1 + std::exp(-x)); }
double softplus_of(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

const Case cases[] = {
    {"tanh", [](const Tensor& x) { return tanh(x); }, [](double x) { return std::tanh(x); }},
    {"sigmoid", [](const Tensor& x) { return sigmoid(x); }, logistic},
    {"log_sigmoid", [](const Tensor& x) { return log_sigmoid(x); }, [](double x) { return -softplus_of(-x); }},
    {"relu", [](const Tensor& x) { return relu(x); }, [](double x) { return std::max(x, 0.0); }},
    {"leaky_relu", [](const Tensor& x) { return leaky_relu(x, 0.2); }, [](double x) { return x > 0 ? x : 0.2 * x; }},
    {"elu", [](const Tensor& x) { return elu(x, 1.5); }, [](double x) { return x > 0 ? x : 1.5 * std::expm1(x); }},
    {"gelu", [](const Tensor& x) { return gelu(x); }, [](double x) { return x * std::erfc(-x / std::sqrt(2.0)) / 2; }},
    {"gelu, tanh form", [](const Tensor& x) { return gelu(x, Gelu::tanh); },
     [](double x) { return x * logistic(2 * std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)); }},
    {"silu", [](const Tensor& x) { return silu(x); }, [](double x) { return x * logistic(x); }},
    {"softplus", [](const Tensor& x) { return softplus(x); }, [](double x) { return x > 20 ? x : softplus_of(x); }},
    {"softplus, beta 2", [](const Tensor& x) { return softplus(x, 2, 5); },
     [](double x) { return 2 * x > 5 ? x : softplus_of(2 * x) / 2; }},
    {"mish", [](const Tensor& x) { return mish(x); }, [](double x) { return x * std::tanh(softplus_of(x)); }},
};

const std::vector<double> near{-4, -2.7, -1.1, -0.3, -1e-3, 1e-3, 0.4, 1.2, 2.4, 3.3};
const std::vector<double> far{-1000, -100, -30, 30, 100, 1000};

Tensor doubles(const std::vector<double>& v) { return from_data(v, {static_cast<std::int64_t>(v.size())}); }

}  // namespace

TEST_CASE("activations: values, near and far, f32 and f64, dense and strided") {
  for (const Case& c : cases) {
    CAPTURE(c.name);
    for (const auto& points : {near, far}) {
      std::vector<double> expected;
      for (const double x : points) expected.push_back(c.exact(x));
      const Tensor x = doubles(points), y = doubles(expected);
      CHECK(allclose(c.f(x), y, 1e-12, 1e-15));
      CHECK(allclose(c.f(x.to(f32)).to(f64), y, 1e-6, 1e-7));
      CHECK(equal(c.f(slice(stack({x, x}, 1), 1, {1, 2})), unsqueeze(c.f(x), 1)));
    }
    CHECK(std::isnan(c.f(scalar(kNan, f64)).item()));
    CHECK(c.f(scalar(0.5)).shape() == Shape{});
    CHECK(c.f(zeros({2, 0, 3})).shape() == Shape{2, 0, 3});
  }
}

TEST_CASE("activations: derivatives of first and second order") {
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const auto result = gradcheck([&](const Tensor& x) { return c.f(x); }, {doubles(near)}, {.order = 2});
    INFO(to_string(result));
    CHECK(result.ok);
  }
}

TEST_CASE("activations: the fast rule is the readable one, far arguments stay finite") {
  for (const Case& c : cases) {
    CAPTURE(c.name);
    for (const DType dtype : {f32, f64})
      for (const auto& points : {near, far}) {
        const Tensor x = doubles(points).to(dtype).requires_grad_(), k = linspace(-1, 2, x.numel(), dtype);
        Tape tape;
        const Tensor y = c.f(x);
        const Tensor fast = tape.gradient(y, {x}, {.cotangent = k})[0];
        const Tensor readable = tape.gradient(y, {x}, {.record = true, .cotangent = k})[0];
        CHECK(allclose(fast, readable, dtype == f32 ? 1e-5 : 1e-12, dtype == f32 ? 1e-6 : 1e-14));
        if (tape.index_of(readable) < 0) continue;
        for (const double d : fast.to_vector()) CHECK(std::isfinite(d));
        if (std::string(tape[tape.index_of(y)].name()) == "mish")
          continue;  // NaN far out at second order, as PyTorch's
        const Tensor second = tape.gradient(sum(readable), {x})[0];
        for (const double d : second.to_vector()) CHECK(std::isfinite(d));
      }
  }
}

TEST_CASE("activations: the derivative at the kink, and of NaN") {
  const auto slope = [](auto f, double at) {
    const Tensor x = scalar(at, f64).requires_grad_();
    Tape tape;
    const Tensor y = f(x);
    const double fast = tape.gradient(y, {x})[0].item(), readable = tape.gradient(y, {x}, {.record = true})[0].item();
    CHECK((fast == readable || (std::isnan(fast) && std::isnan(readable))));
    return fast;
  };
  CHECK(slope([](const Tensor& x) { return relu(x); }, 0) == 0);
  CHECK(slope([](const Tensor& x) { return relu(x); }, kNan) == 1);
  CHECK(slope([](const Tensor& x) { return leaky_relu(x, 0.3); }, 0) == 0.3);
  CHECK(slope([](const Tensor& x) { return elu(x, 1.7); }, 0) == 1.7);
  CHECK(slope([](const Tensor& x) { return softplus(x, 1, 5); }, 5) == doctest::Approx(logistic(5)));
  CHECK(slope([](const Tensor& x) { return softplus(x, 1, 5); }, 5.001) == 1);
}

TEST_CASE("activations: at infinity") {
  const Tensor x = tensor({-kInfinity, kInfinity}, f64);
  CHECK(tanh(x).to_vector() == std::vector<double>{-1, 1});
  CHECK(sigmoid(x).to_vector() == std::vector<double>{0, 1});
  CHECK(relu(x).to_vector() == std::vector<double>{0, kInfinity});
  CHECK(softplus(x).to_vector() == std::vector<double>{0, kInfinity});
  CHECK(elu(x).to_vector() == std::vector<double>{-1, kInfinity});
  for (const auto f :
       {+[](const Tensor& t) { return silu(t); }, +[](const Tensor& t) { return gelu(t); },
        +[](const Tensor& t) { return gelu(t, Gelu::tanh); }, +[](const Tensor& t) { return mish(t); }}) {
    CHECK(equal(f(x), tensor({0, kInfinity}, f64)));
    CHECK(equal(f(x.to(f32)), tensor({0, kInfinity})));
    Tape tape;
    tape.watch(x);
    const Tensor y = f(x), g = ones({2}, f64);
    CHECK(equal(tape.gradient(y, {x}, {.cotangent = g})[0], tensor({0, 1}, f64)));
    CHECK(equal(tape.gradient(y, {x}, {.record = true, .cotangent = g})[0], tensor({0, 1}, f64)));
  }
}

TEST_CASE("activations: what they refuse") {
  const Tensor labels = arange(3), mask = ones({2}, boolean);
  for (const Case& c : cases) {
    CHECK_SAYS(c.f(labels), "the operation is not defined for this dtype", "i64", "x.to(f32)");
    CHECK_SAYS(c.f(mask), "bool");
    CHECK_SAYS(c.f(Tensor()), "the tensor is undefined");
  }
  CHECK_SAYS(tanh(labels), "tanh: ", "activation.cpp:");
  CHECK_SAYS(mish(labels), "mish: ", "activation.cpp:");
  CHECK_SAYS(softplus(ones({2}), 0), "softplus: beta is out of range", "other than 0", "activation.cpp:");
}

TEST_CASE("mish: where e^x overflows its derivatives are the limits, 1 and 0") {
  const Tensor x = scalar(1000, f64).requires_grad_();
  Tape tape;
  const Tensor slope = tape.gradient(mish(x), {x}, {.record = true})[0];
  CHECK(slope.item() == 1);
  CHECK(tape.gradient(slope, {x})[0].item() == 0);
}

// Infinities, NaN, zeros and nothing at all: what PyTorch documents, value and gradient.
#include <cmath>
#include <limits>

#include "support.hpp"

#include <gradus/gradus.hpp>

using namespace gradus;

namespace {

const double inf = std::numeric_limits<double>::infinity(), NaN = std::numeric_limits<double>::quiet_NaN();

using List = std::initializer_list<double>;

Tensor list(List v) {
  return from_data(std::span<const double>(v.begin(), v.size()), {static_cast<std::int64_t>(v.size())});
}

// allclose refuses to compare infinities, equal is too strict for rounding: element by element then.
bool is(const Tensor& x, List v) {
  const auto n = x.to_vector();
  if (n.size() != v.size()) return false;
  for (std::size_t i = 0; i < n.size(); ++i) {
    const double a = n[i], b = v.begin()[i];
    if (!(a == b || (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= 1e-12 * std::abs(b))) return false;
  }
  return true;
}

// f at x: its value, recorded or not; and its gradient for a cotangent of ones times 2, fused or not.
template <class F>
void check(const char* what, F f, List at, List value, List gradient) {
  INFO(std::string(what));
  const Tensor x = list(at);
  const Tensor plain = f(x);
  Tape tape;
  tape.watch(x);
  const Tensor y = f(x), g = full(y.shape(), 2, f64);
  CHECK(equal(plain, y.detach()));
  CHECK(is(plain, value));
  const Tensor fused = tape.gradient(y, {x}, {.cotangent = g})[0];
  INFO(to_string(fused));
  CHECK(is(fused, gradient));
  CHECK(is(tape.gradient(y, {x}, {.record = true, .cotangent = g})[0], gradient));
}

}  // namespace

TEST_CASE("where a function or its slope is infinite") {
  check("log", [](const Tensor& x) { return log(x); }, {0, inf, -1}, {-inf, inf, NaN}, {inf, 0, -2});
  check("log1p", [](const Tensor& x) { return log1p(x); }, {-1}, {-inf}, {inf});
  check("sqrt", [](const Tensor& x) { return sqrt(x); }, {0, inf, -1}, {0, inf, NaN}, {inf, 0, NaN});
  check("rsqrt", [](const Tensor& x) { return rsqrt(x); }, {0, inf}, {inf, 0}, {-inf, 0});
  check("reciprocal", [](const Tensor& x) { return reciprocal(x); }, {0, inf}, {inf, 0}, {-inf, 0});
  check("div", [](const Tensor& x) { return 1.0 / x; }, {0, inf}, {inf, 0}, {-inf, 0});
  check("0 / 0", [](const Tensor& x) { return x / 0.0; }, {0, 1}, {NaN, inf}, {inf, inf});
  check("exp", [](const Tensor& x) { return exp(x); }, {1000, -inf}, {inf, 0}, {inf, 0});
  check("expm1", [](const Tensor& x) { return expm1(x); }, {-inf}, {-1}, {0});
}

TEST_CASE("where a function goes flat") {
  check("sigmoid", [](const Tensor& x) { return sigmoid(x); }, {1000, -1000, inf, -inf}, {1, 0, 1, 0}, {0, 0, 0, 0});
  check("tanh", [](const Tensor& x) { return tanh(x); }, {1000, -inf}, {1, -1}, {0, 0});
  check("erf", [](const Tensor& x) { return erf(x); }, {inf, -inf}, {1, -1}, {0, 0});
  check("log_sigmoid", [](const Tensor& x) { return log_sigmoid(x); }, {-1000, 1000}, {-1000, 0}, {2, 0});
  check("softplus", [](const Tensor& x) { return softplus(x); }, {1000, -1000}, {1000, 0}, {2, 0});
  check("elu", [](const Tensor& x) { return elu(x); }, {1000, -1000}, {1000, -1}, {2, 0});
  check("clamp", [](const Tensor& x) { return clamp(x, 0, 1); }, {-1, 0, 1, inf, NaN}, {0, 0, 1, 1, NaN},
        {0, 2, 2, 0, 2});
}

TEST_CASE("at a kink") {
  check("abs", [](const Tensor& x) { return abs(x); }, {0, -inf}, {0, inf}, {0, -2});
  check("sign", [](const Tensor& x) { return sign(x); }, {0, -3, inf}, {0, -1, 1}, {0, 0, 0});
  check("relu", [](const Tensor& x) { return relu(x); }, {0, -0.0, NaN}, {0, 0, NaN}, {0, 0, 2});
  check("leaky_relu", [](const Tensor& x) { return leaky_relu(x, 0.25); }, {0}, {0}, {0.5});
  check("maximum", [](const Tensor& x) { return maximum(x, zeros_like(x)); }, {0, 1, NaN}, {0, 1, NaN}, {1, 2, 0});
  check("max", [](const Tensor& x) { return max(x); }, {3, 1, 3}, {3}, {1, 0, 1});
  check("max_dim", [](const Tensor& x) { return max_dim(x, 0).values; }, {3, 1, 3}, {3}, {2, 0, 0});
  check("min of infinities", [](const Tensor& x) { return min(x); }, {inf, -inf}, {-inf}, {0, 2});
}

TEST_CASE("NaN is never lost") {
  check("max", [](const Tensor& x) { return max(x); }, {1, NaN, 3}, {NaN}, {0, 2, 0});
  check("min", [](const Tensor& x) { return min(x); }, {1, NaN, 3}, {NaN}, {0, 2, 0});
  check("sum", [](const Tensor& x) { return sum(x); }, {1, NaN}, {NaN}, {2, 2});
  check("minimum", [](const Tensor& x) { return minimum(x, ones_like(x)); }, {NaN, 0}, {NaN, 0}, {0, 2});
  check("cumsum", [](const Tensor& x) { return cumsum(x, 0); }, {1, NaN, 2}, {1, NaN, NaN}, {6, 4, 2});
  check("softmax", [](const Tensor& x) { return softmax(x, 0); }, {NaN, 1}, {NaN, NaN}, {NaN, NaN});
  check("inf - inf", [](const Tensor& x) { return sum(x); }, {inf, -inf}, {NaN}, {2, 2});
  check("a mask behind NaN", [](const Tensor& x) { return where(x > 0, sqrt(x), zeros_like(x)); }, {-1, 4}, {0, 2},
        {0, 0.5});
  check("a mask before it", [](const Tensor& x) { return sqrt(masked_fill(x, x <= 0, 1)); }, {-1, 4}, {1, 2}, {0, 0.5});
}

TEST_CASE("powers of zero") {
  check("x^0", [](const Tensor& x) { return pow(x, 0); }, {0, 2}, {1, 1}, {0, 0});
  check("x^2", [](const Tensor& x) { return pow(x, 2); }, {0, -2}, {0, 4}, {0, -8});
  check("x^-1", [](const Tensor& x) { return pow(x, -1); }, {0}, {inf}, {-inf});
  check("0^b", [](const Tensor& b) { return pow(zeros_like(b), b); }, {0, 2}, {1, 0}, {0, 0});
  check("a^0", [](const Tensor& a) { return pow(a, zeros_like(a)); }, {0, -2}, {1, 1}, {0, 0});
}

TEST_CASE("rows of minus infinity") {
  check("softmax, one", [](const Tensor& x) { return softmax(x, 0); }, {-inf, 0, 0}, {0, 0.5, 0.5}, {0, 0, 0});
  check("softmax, all", [](const Tensor& x) { return softmax(x, 0); }, {-inf, -inf}, {NaN, NaN}, {NaN, NaN});
  check("softmax, infinite", [](const Tensor& x) { return softmax(x, 0); }, {inf, 1, inf}, {0.5, 0, 0.5}, {0, 0, 0});
  check("log_softmax, infinite", [](const Tensor& x) { return log_softmax(x, 0); }, {inf, 1}, {0, -inf}, {-2, 2});
  check("log_softmax", [](const Tensor& x) { return log_softmax(x, 0); }, {-inf, 0}, {-inf, 0}, {2, -2});
  check("logsumexp, one", [](const Tensor& x) { return logsumexp(x); }, {-inf, 3}, {3}, {0, 2});
  check("logsumexp, all", [](const Tensor& x) { return logsumexp(x); }, {-inf, -inf}, {-inf}, {0, 0});
  check("logsumexp, infinite", [](const Tensor& x) { return logsumexp(x); }, {inf, 1}, {inf}, {2, 0});
  check("logsumexp, twice", [](const Tensor& x) { return logsumexp(x); }, {inf, 1, inf}, {inf}, {1, 0, 1});
  check("logsumexp, large", [](const Tensor& x) { return logsumexp(x); }, {1e300, 0}, {1e300}, {2, 0});
}

TEST_CASE("of nothing") {
  check("sum", [](const Tensor& x) { return sum(x); }, {}, {0}, {});
  check("mean", [](const Tensor& x) { return mean(x); }, {}, {NaN}, {});
  check("prod", [](const Tensor& x) { return prod(x); }, {}, {1}, {});
  check("logsumexp", [](const Tensor& x) { return logsumexp(x); }, {}, {-inf}, {});
  CHECK_SAYS(max(zeros({0})), "max: an empty axis has no largest or smallest element");
  check("matmul", [](const Tensor& x) { return matmul(reshape(x, {2, 0}), zeros({0, 1}, f64)); }, {}, {0, 0}, {});
  check("cumsum", [](const Tensor& x) { return cumsum(x, 0); }, {}, {}, {});
  check("softmax", [](const Tensor& x) { return softmax(x, 0); }, {}, {}, {});
}

TEST_CASE("zeros in a product, spreads of nothing, norms") {
  check("prod, one zero", [](const Tensor& x) { return prod(x); }, {2, 0, 3}, {0}, {0, 12, 0});
  check("prod, two", [](const Tensor& x) { return prod(x); }, {2, 0, 0}, {0}, {0, 0, 0});
  check("var of one", [](const Tensor& x) { return var(x); }, {5}, {NaN}, {NaN});
  check("var of equals", [](const Tensor& x) { return var(x); }, {5, 5}, {0}, {0, 0});
  check("stddev of equals", [](const Tensor& x) { return stddev(x); }, {5, 5}, {0}, {0, 0});
  check("normalize, equals", [](const Tensor& x) { return normalize(x, {}); }, {5, 5}, {0, 0}, {0, 0});
  check("a root of squares", [](const Tensor& x) { return sqrt(sum(square(x))); }, {3, -4}, {5}, {1.2, -1.6});
  check("norm", [](const Tensor& x) { return norm(x); }, {3, -4}, {5}, {1.2, -1.6});
  check("norm of zeros", [](const Tensor& x) { return norm(x); }, {0, 0}, {0}, {0, 0});
}

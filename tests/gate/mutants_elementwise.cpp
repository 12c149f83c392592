// Mistakes in the rules of arithmetic, functions and activations.
#include <cmath>
#include <numbers>

#include "gate/mutants.hpp"

namespace gate {

using namespace gradus;

namespace {

bool both(const Vjp& v) { return v.wants(0) && v.wants(1); }

// A mistake in dx = slope(v), the derivative of a function of one number.
template <class F>
Mutant slope(const char* op, const char* mistake, F f, bool severed = false) {
  return {op, mistake, [f](const Fields& a, Vjp& v) { v.give(0, v.g * f(a, v)); }, severed};
}

// A mistake in the gradient of one input out of two; the other one's is right only as the true rule has it.
template <class F>
Mutant gives(const char* op, const char* mistake, F f, bool severed = false) {
  return {op, mistake, f, severed};
}

}  // namespace

std::vector<Mutant> elementwise_mutants() {
  using A = const Fields&;
  return {
      gives("add", "the second operand gets nothing", [](A, Vjp& v) { v.give(0, v.g); }),
      gives("add", "the first operand gets both gradients",
            [](A, Vjp& v) {
              v.give(0, v.g + v.g);
              v.give(1, v.g);
            }),
      gives("sub", "the sign of the second operand",
            [](A, Vjp& v) {
              v.give(0, v.g);
              v.give(1, v.g);
            }),
      gives("sub", "operands swapped",
            [](A, Vjp& v) {
              v.give(0, -v.g);
              v.give(1, v.g);
            }),
      gives("mul", "each operand gets its own value",
            [](A a, Vjp& v) {
              if (!both(v)) return a.right(v);
              v.give(0, v.g * v.in(0));
              v.give(1, v.g * v.in(1));
            }),
      gives(
          "mul", "one factor detached",
          [](A, Vjp& v) {
            if (v.wants(0)) v.give(0, v.g * v.in(1).detach());
            if (v.wants(1)) v.give(1, v.g * v.in(0));
          },
          true),
      gives("mul", "only the first operand is a variable",
            [](A, Vjp& v) {
              if (v.wants(0)) v.give(0, v.g * v.in(1));
            }),
      gives("chain_mul", "each operand gets its own value",
            [](A a, Vjp& v) {
              if (!both(v)) return a.right(v);
              v.give(0, v.g * v.in(0));
              v.give(1, v.g * v.in(1));
            }),
      gives(
          "chain_mul", "the slope detached",
          [](A, Vjp& v) {
            if (v.wants(0)) v.give(0, v.g * v.in(1).detach());
            if (v.wants(1)) v.give(1, v.g * v.in(0));
          },
          true),
      gives("chain_div", "the divisor's sign",
            [](A, Vjp& v) {
              if (v.wants(0)) v.give(0, v.g / v.in(1));
              if (v.wants(1)) v.give(1, v.g * v.out() / v.in(1));
            }),
      gives("chain_div", "the divisor gets nothing",
            [](A, Vjp& v) {
              if (v.wants(0)) v.give(0, v.g / v.in(1));
            }),
      gives("div", "b instead of b² below",
            [](A, Vjp& v) {
              v.give(0, v.g / v.in(1));
              if (v.wants(1)) v.give(1, -(v.g * v.in(0) / v.in(1)));
            }),
      gives("div", "the sign of the denominator's",
            [](A, Vjp& v) {
              v.give(0, v.g / v.in(1));
              if (v.wants(1)) v.give(1, v.g * v.in(0) / square(v.in(1)));
            }),
      gives(
          "div", "the quotient detached",
          [](A, Vjp& v) {
            v.give(0, v.g / v.in(1));
            if (v.wants(1)) v.give(1, -(v.g / v.in(1) * (v.in(0) / v.in(1)).detach()));
          },
          true),
      gives("pow", "the exponent not lowered",
            [](A a, Vjp& v) {
              if (!both(v)) return a.right(v);
              v.give(0, v.g * v.in(1) * v.out());
              v.give(1, v.g * v.out() * log(v.in(0)));
            }),
      gives("pow", "the logarithm left out",
            [](A a, Vjp& v) {
              if (!both(v)) return a.right(v);
              v.give(0, v.g * v.in(1) * pow(v.in(0), v.in(1) - 1));
              v.give(1, v.g * v.out());
            }),
      gives("pow", "the exponent taken for a constant",
            [](A, Vjp& v) {
              if (v.wants(0)) v.give(0, v.g * v.in(1).detach() * pow(v.in(0), v.in(1).detach() - 1));
            }),
      gives("maximum", "the smaller side wins",
            [](A, Vjp& v) {
              v.give(0, where(v.in(0) < v.in(1), v.g, zeros_like(v.g)));
              v.give(1, where(v.in(1) < v.in(0), v.g, zeros_like(v.g)));
            }),
      gives("maximum", "no mask",
            [](A, Vjp& v) {
              v.give(0, v.g);
              v.give(1, v.g);
            }),
      gives("minimum", "halves whether tied or not",
            [](A, Vjp& v) {
              v.give(0, v.g * 0.5);
              v.give(1, v.g * 0.5);
            }),
      gives("minimum", "copied from maximum",
            [](A, Vjp& v) {
              v.give(0, where(v.in(0) > v.in(1), v.g, zeros_like(v.g)));
              v.give(1, where(v.in(1) > v.in(0), v.g, zeros_like(v.g)));
            }),
      gives("where", "branches swapped",
            [](A, Vjp& v) {
              if (v.wants(1)) v.give(1, where(v.in(0), zeros_like(v.g), v.g));
              if (v.wants(2)) v.give(2, where(v.in(0), v.g, zeros_like(v.g)));
            }),
      gives("where", "no mask on the second branch",
            [](A, Vjp& v) {
              if (v.wants(1)) v.give(1, where(v.in(0), v.g, zeros_like(v.g)));
              if (v.wants(2)) v.give(2, v.g);
            }),
      slope("add_scalar", "k as a factor", [](A a, Vjp&) { return a.real("k"); }),
      slope("mul_scalar", "k forgotten", [](A, Vjp&) { return 1.0; }),
      slope("mul_scalar", "divided by k", [](A a, Vjp&) { return 1 / a.real("k"); }),
      slope("pow_scalar", "the exponent not lowered",
            [](A a, Vjp& v) { return pow(v.in(0), a.real("k")) * a.real("k"); }),
      slope("pow_scalar", "the factor k forgotten", [](A a, Vjp& v) { return pow(v.in(0), a.real("k") - 1); }),
      slope(
          "pow_scalar", "x detached", [](A a, Vjp& v) { return pow(v.in(0).detach(), a.real("k") - 1) * a.real("k"); },
          true),
      gives("remainder", "the divisor gets nothing",
            [](A, Vjp& v) {
              if (v.wants(0)) v.give(0, v.g);
            }),
      gives("remainder", "the quotient not rounded",
            [](A, Vjp& v) {
              if (v.wants(0)) v.give(0, v.g);
              if (v.wants(1)) v.give(1, -(v.g * v.in(0) / v.in(1)));
            }),
      gives("remainder", "rounded to the nearest",
            [](A, Vjp& v) {
              if (v.wants(0)) v.give(0, v.g);
              if (v.wants(1)) v.give(1, -(v.g * round(v.in(0) / v.in(1))));
            }),
      gives("atan2", "operands swapped",
            [](A a, Vjp& v) {
              if (!both(v)) return a.right(v);
              const Tensor squares = square(v.in(0)) + square(v.in(1));
              v.give(0, -(v.g * v.in(0) / squares));
              v.give(1, v.g * v.in(1) / squares);
            }),
      gives("atan2", "the sign of the second operand",
            [](A, Vjp& v) {
              const Tensor squares = square(v.in(0)) + square(v.in(1));
              if (v.wants(0)) v.give(0, v.g * v.in(1) / squares);
              if (v.wants(1)) v.give(1, v.g * v.in(0) / squares);
            }),
      gives(
          "atan2", "the squares detached",
          [](A, Vjp& v) {
            const Tensor squares = (square(v.in(0)) + square(v.in(1))).detach();
            if (v.wants(0)) v.give(0, v.g * v.in(1) / squares);
            if (v.wants(1)) v.give(1, -(v.g * v.in(0) / squares));
          },
          true),
      gives("clamp", "the upper bound forgotten",
            [](A a, Vjp& v) { v.give(0, where(v.in(0) < a.real("low"), zeros_like(v.g), v.g)); }),
      gives("clamp", "no mask", [](A, Vjp& v) { v.give(0, v.g); }),
      gives(
          "to", "detached", [](A, Vjp& v) { v.give(0, to(v.g.detach(), v.dtype(0))); }, true),
      gives("to", "the dtype of the result kept", [](A, Vjp& v) { v.give(0, v.g); }),
  };
}

std::vector<Mutant> unary_mutants() {
  using A = const Fields&;
  const double root = std::numbers::inv_sqrtpi;
  return {
      slope("neg", "sign", [](A, Vjp&) { return 1.0; }),
      slope("abs", "sign forgotten", [](A, Vjp&) { return 1.0; }),
      slope("abs", "x for its sign", [](A, Vjp& v) { return v.in(0); }),
      slope("sign", "straight through", [](A, Vjp&) { return 1.0; }),
      slope("square", "factor 2", [](A, Vjp& v) { return v.in(0); }),
      slope(
          "square", "x detached", [](A, Vjp& v) { return v.in(0).detach() * 2; }, true),
      slope("sqrt", "factor 2", [](A, Vjp& v) { return 1.0 / v.out(); }),
      slope(
          "sqrt", "y detached", [](A, Vjp& v) { return 0.5 / v.out().detach(); }, true),
      slope("rsqrt", "y² for y³", [](A, Vjp& v) { return square(v.out()) * -0.5; }),
      slope("rsqrt", "sign", [](A, Vjp& v) { return pow(v.out(), 3) * 0.5; }),
      slope("reciprocal", "sign", [](A, Vjp& v) { return square(v.out()); }),
      slope("reciprocal", "y for y²", [](A, Vjp& v) { return -v.out(); }),
      slope("exp", "e^x forgotten", [](A, Vjp&) { return 1.0; }),
      slope(
          "exp", "y detached", [](A, Vjp& v) { return v.out().detach(); }, true),
      slope("expm1", "the 1 forgotten", [](A, Vjp& v) { return v.out(); }),
      slope("log", "times x", [](A, Vjp& v) { return v.in(0); }),
      slope(
          "log", "x detached", [](A, Vjp& v) { return 1.0 / v.in(0).detach(); }, true),
      slope("log1p", "the 1 forgotten", [](A, Vjp& v) { return 1.0 / v.in(0); }),
      slope("sin", "sign", [](A, Vjp& v) { return -cos(v.in(0)); }),
      slope("sin", "not turned", [](A, Vjp& v) { return sin(v.in(0)); }),
      slope("cos", "sign", [](A, Vjp& v) { return sin(v.in(0)); }),
      slope("tan", "1 - y²", [](A, Vjp& v) { return 1.0 - square(v.out()); }),
      slope("erf", "factor 2", [=](A, Vjp& v) { return exp(-square(v.in(0))) * root; }),
      slope("erf", "exp(-x²/2)", [=](A, Vjp& v) { return exp(square(v.in(0)) * -0.5) * (2 * root); }),
      slope("floor", "straight through", [](A, Vjp&) { return 1.0; }),
      slope("ceil", "straight through", [](A, Vjp&) { return 1.0; }),
      slope("round", "straight through", [](A, Vjp&) { return 1.0; }),
      slope("log2", "ln 2 forgotten", [](A, Vjp& v) { return 1.0 / v.in(0); }),
      slope("log2", "times ln 2", [](A, Vjp& v) { return std::numbers::ln2 / v.in(0); }),
      slope("asin", "no root", [](A, Vjp& v) { return 1.0 / (1.0 - square(v.in(0))); }),
      slope("asin", "1 + x²", [](A, Vjp& v) { return rsqrt(square(v.in(0)) + 1); }),
      slope("acos", "sign", [](A, Vjp& v) { return rsqrt(1.0 - square(v.in(0))); }),
      slope("atan", "1 - x²", [](A, Vjp& v) { return 1.0 / (1.0 - square(v.in(0))); }),
      slope(
          "atan", "x detached", [](A, Vjp& v) { return 1.0 / (square(v.in(0).detach()) + 1); }, true),
      slope("sinh", "not turned", [](A, Vjp& v) { return sinh(v.in(0)); }),
      slope("cosh", "the sign of cosine", [](A, Vjp& v) { return -sinh(v.in(0)); }),
      slope("lgamma", "ln x", [](A, Vjp& v) { return log(abs(v.in(0))); }),
      slope("lgamma", "one order too high", [](A, Vjp& v) { return polygamma(1, v.in(0)); }),
      slope("polygamma", "the order not raised", [](A a, Vjp& v) { return polygamma(a.whole("n"), v.in(0)); }),
      slope("polygamma", "sign", [](A a, Vjp& v) { return -polygamma(a.whole("n") + 1, v.in(0)); }),
      slope("tanh", "1 - y", [](A, Vjp& v) { return 1.0 - v.out(); }),
      slope(
          "tanh", "1 - y² detached", [](A, Vjp& v) { return (1.0 - square(v.out())).detach(); }, true),
      slope("sigmoid", "1 - y forgotten", [](A, Vjp& v) { return v.out(); }),
      slope(
          "sigmoid", "1 - y detached", [](A, Vjp& v) { return v.out() * (1.0 - v.out().detach()); }, true),
      slope("log_sigmoid", "the sign inside", [](A, Vjp& v) { return sigmoid(v.in(0)); }),
      gives("relu", "no mask", [](A, Vjp& v) { v.give(0, v.g); }),
      gives("relu", "mask inverted", [](A, Vjp& v) { v.give(0, masked_fill(v.g, v.out() > 0, 0)); }),
      gives("leaky_relu", "the slope on the right",
            [](A a, Vjp& v) { v.give(0, where(v.in(0) > 0, v.g * a.real("slope"), v.g)); }),
      gives("leaky_relu", "no slope", [](A, Vjp& v) { v.give(0, where(v.in(0) > 0, v.g, 0)); }),
      gives("elu", "alpha forgotten", [](A, Vjp& v) { v.give(0, where(v.in(0) > 0, v.g, v.g * exp(v.in(0)))); }),
      gives(
          "elu", "the left side detached",
          [](A a, Vjp& v) { v.give(0, where(v.in(0) > 0, v.g, v.g * exp(v.in(0).detach()) * a.real("alpha"))); }, true),
      slope("gelu", "the density forgotten", [](A, Vjp& v) { return (erf(v.in(0) / std::numbers::sqrt2) + 1) * 0.5; }),
      gives("gelu", "one form for both",
            [](A, Vjp& v) {
              const Tensor &x = v.in(0), cdf = (erf(x * (1 / std::numbers::sqrt2)) + 1) * 0.5;
              v.give(0, v.g * (cdf + x * exp(square(x) * -0.5) * (std::numbers::inv_sqrtpi / std::numbers::sqrt2)));
            }),
      slope("silu", "sigmoid alone", [](A, Vjp& v) { return sigmoid(v.in(0)); }),
      slope("silu", "x (1 - s) without the 1",
            [](A, Vjp& v) { return sigmoid(v.in(0)) * (v.in(0) * (1.0 - sigmoid(v.in(0)))); }),
      slope("softplus", "beta once too often",
            [](A a, Vjp& v) {
              const Tensor z = v.in(0) * a.real("beta");
              return where(z > a.real("threshold"), ones_like(z), sigmoid(z) * a.real("beta"));
            }),
      slope("softplus", "the threshold forgotten", [](A a, Vjp& v) { return sigmoid(v.in(0) * a.real("beta")); }),
      slope("mish", "1 - t for 1 - t²",
            [](A, Vjp& v) {
              const Tensor &x = v.in(0), t = tanh(softplus(x));
              return t + x * sigmoid(x) * (1.0 - t);
            }),
      slope("mish", "the product rule's first half", [](A, Vjp& v) { return tanh(softplus(v.in(0))); }),
  };
}

}  // namespace gate

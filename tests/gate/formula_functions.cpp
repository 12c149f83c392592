// The functions that lines may call.
#include "gate/formula_functions.hpp"

namespace formula {

Array softmax(const Array& x, int axis, bool logarithm) {
  const Array top = reduced(x, {axis}, -HUGE_VAL, [](double a, double b) { return std::max(a, b); });
  const Array e = map(x, top, [](double a, double b) { return std::exp(a - b); });
  const Array y = map(e, sum(e, {axis}), [](double a, double b) { return a / b; });
  return logarithm ? map(y, [](double p) { return std::log(p); }) : y;
}

Array product_of_others(const Array& x, const std::vector<int>& axes) {
  Array y = Array::zeros(x.shape);
  const auto shared = [&](const Sizes& a, const Sizes& b) {
    for (std::size_t i = 0; i < a.size(); ++i)
      if (std::find(axes.begin(), axes.end(), static_cast<int>(i)) == axes.end() && a[i] != b[i]) return false;
    return true;
  };
  each_place(x.shape, [&](const Sizes& here, std::size_t k) {
    double p = 1;
    each_place(x.shape, [&](const Sizes& there, std::size_t l) {
      if (l != k && shared(here, there)) p *= x.v[l];
    });
    y.v[k] = p;
  });
  return y;
}

Array orthogonalized(const Array& given, int steps) {
  const bool tall = given.size(0) > given.size(1);
  Array x = tall ? transposed(given) : given;
  double squares = 0;
  for (const double v : x.v) squares += v * v;
  for (double& v : x.v) v /= std::sqrt(squares) + 1e-7;
  for (int i = 0; i < steps; ++i) {
    const Array a = product(x, transposed(x)), aa = product(a, a);
    const Array mixed = map(a, aa, [](double p, double q) { return -4.775 * p + 2.0315 * q; });
    x = map(x, product(mixed, x), [](double p, double q) { return 3.4445 * p + q; });
  }
  return tall ? transposed(x) : x;
}

Array piece(const Array& x, std::int64_t k, bool quarter) {
  Sizes shape = x.shape;
  quarter ? void(shape.back() /= 4) : void(shape.erase(shape.begin()));
  Array y = Array::zeros(shape);
  each_place(shape, [&](Sizes at, std::size_t i) {
    quarter ? void(at.back() += k * shape.back()) : void(at.insert(at.begin(), k));
    y.v[i] = x.v[read_at(x, at)];
  });
  return y;
}

double function(const std::string& n, double x) {
  const double s = 1 / (1 + std::exp(-x));
  if (n == "tanh") return std::tanh(x);
  if (n == "tanh'") return 1 - std::tanh(x) * std::tanh(x);
  if (n == "sigmoid" || n == "σ") return s;
  if (n == "σ'") return s * (1 - s);
  if (n == "ln") return std::log(x);
  if (n == "sqrt") return std::sqrt(x);
  if (n == "sign") return x > 0 ? 1 : x < 0 ? -1 : 0;
  if (n == "sin") return std::sin(x);
  if (n == "cos") return std::cos(x);
  if (n == "tan") return std::tan(x);
  if (n == "asin") return std::asin(x);
  if (n == "acos") return std::acos(x);
  if (n == "atan") return std::atan(x);
  if (n == "sinh") return (std::exp(x) - std::exp(-x)) / 2;
  if (n == "cosh") return (std::exp(x) + std::exp(-x)) / 2;
  if (n == "round") return std::nearbyint(x);
  if (n == "lgamma") return std::log(std::abs(std::tgamma(x)));
  if (n == "erf") return std::erf(x);
  if (n == "Φ") return 0.5 * std::erfc(-x / std::sqrt(2.0));
  if (n == "φ") return std::exp(-x * x / 2) / std::sqrt(2 * 3.14159265358979323846);
  throw Wrong("the function '" + n + "' is not known here");
}

double binary(const std::string& what, double a, double b) {
  if (what == "+") return a + b;
  if (what == "-") return a - b;
  if (what == "*" || what == "⊙") return a * b;
  if (what == "/") return a / b;
  if (what == "^") return std::pow(a, b);
  if (what == "<") return a < b;
  if (what == ">") return a > b;
  if (what == "<=") return a <= b;
  if (what == ">=") return a >= b;
  if (what == "=") return a == b;
  if (what == "and") return a != 0 && b != 0;
  if (what == "or") return a != 0 || b != 0;
  if (what == "max") return std::isnan(a) || a > b ? a : b;
  if (what == "min") return std::isnan(a) || a < b ? a : b;
  throw Wrong("'" + what + "' cannot be computed");
}

}  // namespace formula

// Functions of one operand and activations: a domain each.
#include "gate/draw.hpp"

namespace gate {

using namespace gradus;

namespace {

using Unary = Tensor (*)(Arg);
using Draw = std::function<Tensor(Rng&, const Shape&)>;

std::vector<Case> unary_errors(Unary f, bool takes_integers) {
  const auto call = [f](const Tensors& x) { return f(x[0]); };
  std::vector<Case> errors{{call, {undefined()}}, {call, {flags({2})}}, {call, {flags({0, 3})}}};
  if (!takes_integers) errors.push_back({call, {whole({2, 3})}});
  return errors;
}

Row unary(const char* name, Unary f, Draw draw, const char* no_curve = nullptr, bool takes_integers = false) {
  const auto sample = [=](Rng& rng) -> Case {
    return {[f](const Tensors& x) { return f(x[0]); }, {draw(rng, shape(rng))}};
  };
  return {name, sample, unary_errors(f, takes_integers), nullptr, no_curve};
}

Draw within(double low, double high) {
  return [=](Rng& rng, const Shape& s) { return uniform(rng, s, low, high); };
}
Draw outside(double low, double high) {
  return [=](Rng& rng, const Shape& s) { return signed_away(rng, s, low, high); };
}

Draw between(std::initializer_list<double> jumps) {
  const std::vector<double> kept(jumps);
  return [kept](Rng& rng, const Shape& s) {
    Tensor x = uniform(rng, s, -2.7, 2.7);
    for (const double k : kept) x = where(abs(x - k) < 0.02, x + 0.1, x);
    return x;
  };
}
Tensor gamma_domain(Rng& rng, const Shape& s) {
  return rng.chance(0.3) ? uniform(rng, s, -1.8, -1.2) : uniform(rng, s, 0.5, 4);
}
Case polygamma_case(Rng& rng) {
  const std::int64_t n = rng.below(3);
  return {[n](const Tensors& x) { return n == 0 ? digamma(x[0]) : polygamma(n, x[0]); },
          {gamma_domain(rng, shape(rng))}};
}

// An activation with attributes: make(rng) draws them.
template <class Make>
Row with_attributes(const char* name, Make make, std::vector<Case> errors, const char* no_curve = nullptr) {
  return {name, make, std::move(errors), nullptr, no_curve};
}

Case leaky_case(Rng& rng) {
  const double slope = rng.of({0.01, rng.uniform(-0.5, 2)});
  return {[=](const Tensors& x) { return leaky_relu(x[0], slope); }, {away(rng, shape(rng), -2, 2, {0})}};
}
Case elu_case(Rng& rng) {
  const double alpha = rng.of({1.0, rng.uniform(0.1, 2)});
  return {[=](const Tensors& x) { return elu(x[0], alpha); }, {away(rng, shape(rng), -2, 2, {0})}};
}
Case gelu_case(Rng& rng) {
  const Gelu form = rng.of({Gelu::exact, Gelu::tanh});
  return {[=](const Tensors& x) { return gelu(x[0], form); }, {uniform(rng, shape(rng), -3, 3)}};
}
Case softplus_case(Rng& rng) {
  const double beta = rng.of({1.0, 0.5, 2.0, rng.uniform(0.3, 3)}), threshold = rng.of({20.0, 1.5});
  return {[=](const Tensors& x) { return softplus(x[0], beta, threshold); },
          {away(rng, shape(rng), -3, 3, {threshold / beta})}};
}

}  // namespace

std::vector<Row> unary_rows() {
  std::vector<Row> rows{
      unary("neg", neg, normal, is_linear, true),
      unary("abs", abs, outside(0.05, 2), in_pieces, true),
      unary("sign", sign, outside(0.05, 2), "its derivative is zero", true),
      unary("square", square, normal, nullptr, true),
      unary("sqrt", sqrt, within(0.2, 3)),
      unary("rsqrt", rsqrt, within(0.2, 3)),
      unary("reciprocal", reciprocal, outside(0.3, 2)),
      unary("exp", exp, within(-3, 2)),
      unary("expm1", expm1, within(-3, 2)),
      unary("log", log, within(0.2, 4)),
      unary("log1p", log1p, within(-0.7, 3)),
      unary("sin", sin, within(-4, 4)),
      unary("cos", cos, within(-4, 4)),
      unary("tan", tan, within(-1.1, 1.1)),
      unary("erf", erf, within(-2, 2)),
      unary("floor", floor, between({-2, -1, 0, 1, 2}), "its derivative is zero", true),
      unary("ceil", ceil, between({-2, -1, 0, 1, 2}), "its derivative is zero", true),
      unary("round", round, between({-2.5, -1.5, -0.5, 0.5, 1.5, 2.5}), "its derivative is zero", true),
      unary("log2", log2, within(0.2, 4)),
      unary("asin", asin, within(-0.9, 0.9)),
      unary("acos", acos, within(-0.9, 0.9)),
      unary("atan", atan, within(-3, 3)),
      unary("sinh", sinh, within(-2, 2)),
      unary("cosh", cosh, within(-2, 2)),
      unary("lgamma", lgamma, gamma_domain),
      with_attributes("polygamma", polygamma_case, unary_errors([](Arg x) { return polygamma(1, x); }, false)),
  };
  rows.back().errors.push_back({[](const Tensors& x) { return polygamma(-1, x[0]); }, {numbers({2})}});
  rows.back().errors.push_back({[](const Tensors& x) { return polygamma(101, x[0]); }, {numbers({2})}});
  for (Row& row : rows)
    for (const char* name : {"sign", "floor", "ceil", "round"})
      if (std::string(row.name) == name) row.flat = "constant between its jumps";
  return rows;
}

std::vector<Row> activation_rows() {
  const auto wrong = [](auto f) -> std::vector<Case> {
    return {{f, {undefined()}}, {f, {flags({2})}}, {f, {whole({3, 2})}}};
  };
  const auto softplus_at = [](double beta) { return [beta](const Tensors& x) { return softplus(x[0], beta); }; };
  std::vector<Row> rows{
      unary("tanh", tanh, within(-2, 2)),
      unary("sigmoid", sigmoid, within(-4, 4)),
      unary("log_sigmoid", log_sigmoid, within(-4, 4)),
      unary("relu", relu, outside(0.05, 2), in_pieces),
      with_attributes("leaky_relu", leaky_case, wrong([](const Tensors& x) { return leaky_relu(x[0]); }), in_pieces),
      with_attributes("elu", elu_case, wrong([](const Tensors& x) { return elu(x[0]); })),
      with_attributes("gelu", gelu_case, wrong([](const Tensors& x) { return gelu(x[0]); })),
      unary("silu", silu, within(-4, 4)),
      with_attributes("softplus", softplus_case, wrong(softplus_at(1))),
      unary("mish", mish, within(-4, 4)),
  };
  rows[8].errors.push_back({softplus_at(0), {numbers({2})}});
  return rows;
}

}  // namespace gate

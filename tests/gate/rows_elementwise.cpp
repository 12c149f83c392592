// Two or three operands, and a number beside one.
#include <limits>

#include "gate/draw.hpp"

namespace gate {

using namespace gradus;

namespace {

using Binary = Tensor (*)(Arg, Arg);

std::vector<Case> binary_errors(Binary f) {
  const auto call = [f](const Tensors& x) { return f(x[0], x[1]); };
  return {{call, {numbers({2, 3}), numbers({2, 4})}},
          {call, {numbers({3, 1, 2}), numbers({2, 1, 2})}},
          {call, {numbers({2}), single({2})}},
          {call, {numbers({2}), whole({2})}},
          {call, {numbers({2}), undefined()}},
          {call, {undefined(), numbers({})}},
          {[f](const Tensors&) { return f(1.0, 2.0); }, {numbers({})}}};
}

// Two operands of shapes that broadcast, drawn one by one; or one twice, where that has no kink.
template <class A, class B>
Row binary(const char* name, Binary f, A a, B b, bool twice, const char* no_curve = nullptr) {
  const auto sample = [=](Rng& rng) -> Case {
    const auto shapes = broadcasting(rng, shape(rng), 2);
    if (twice && rng.chance(0.1)) return {[f](const Tensors& x) { return f(x[0], x[0]); }, {b(rng, shapes[0])}};
    return {[f](const Tensors& x) { return f(x[0], x[1]); }, {a(rng, shapes[0]), b(rng, shapes[1])}};
  };
  return {name, sample, binary_errors(f), nullptr, no_curve};
}

// Numbers near multiples of 0.1, or half-way between: no number of one kind is close to one of the other.
Tensor grid(Rng& rng, const Shape& s, double offset) {
  const Tensor cells = integers(rng, s, 30).to(f64);
  return strided(rng, cells * 0.1 - (1.5 - offset) + uniform(rng, s, -0.02, 0.02));
}
Tensor even(Rng& rng, const Shape& s) { return grid(rng, s, 0); }
Tensor odd(Rng& rng, const Shape& s) { return grid(rng, s, 0.05); }
Tensor apart(Rng& rng, const Shape& s) { return signed_away(rng, s, 0.4, 2); }
Tensor positive(Rng& rng, const Shape& s) { return uniform(rng, s, 0.3, 2); }

// a is b times what is not near a whole number.
Case remainder_case(Rng& rng) {
  const Shape s = shape(rng);
  const Tensor b = signed_away(rng, broadcasting(rng, s, 2)[1], 0.4, 2);
  const Tensor a = b * (integers(rng, s, 7).to(f64) - 3 + uniform(rng, s, 0.1, 0.9));
  return {[](const Tensors& x) { return remainder(x[0], x[1]); }, {strided(rng, a), b}};
}

Case where_case(Rng& rng) {
  const auto shapes = broadcasting(rng, shape(rng), 3);
  const Tensor a = normal(rng, shapes[1]), b = normal(rng, shapes[2]), c = booleans(rng, shapes[0]);
  switch (rng.below(4)) {
    case 0:
      return {[](const Tensors& x) { return where(x[0], x[1], 0.5); }, {c, a}};
    case 1:
      return {[](const Tensors& x) { return masked_fill(x[1], x[0], 2); }, {c, a}};
    default:
      return {[](const Tensors& x) { return where(x[0], x[1], x[2]); }, {c, a, b}};
  }
}

Case add_scalar_case(Rng& rng) {
  const double k = rng.uniform(-2, 2);
  const auto way = rng.below(3);
  return {[=](const Tensors& x) { return way == 0   ? x[0] + k
                                         : way == 1 ? k + x[0]
                                                    : x[0] - k; },
          {normal(rng, shape(rng))}};
}

Case mul_scalar_case(Rng& rng) {
  const double k = rng.of({-1.0, 0.5, rng.uniform(-3, 3), 1e3});
  const bool left = rng.chance(0.5);
  return {[=](const Tensors& x) { return left ? k * x[0] : x[0] * k; }, {normal(rng, shape(rng))}};
}

Case pow_scalar_case(Rng& rng) {
  const double k = rng.of({-2.0, -1.0, -0.5, 0.5, 1.0, 2.0, 3.0, 4.0, rng.uniform(-2, 3)});
  const bool natural = k == 2 || k == 3 || k == 4;
  const Shape s = shape(rng);
  return {[=](const Tensors& x) { return pow(x[0], k); },
          {natural && rng.chance(0.5) ? normal(rng, s) : uniform(rng, s, 0.3, 2)}};
}

Case clamp_case(Rng& rng) {
  const double inf = std::numeric_limits<double>::infinity();
  const double low = rng.chance(0.2) ? -inf : rng.uniform(-1, 0.2);
  const double high = rng.chance(0.2) ? inf : rng.uniform(0.3, 1);
  return {[=](const Tensors& x) { return clamp(x[0], low, high); }, {away(rng, shape(rng), -1.5, 1.5, {low, high})}};
}

// Converted twice, to f32 and to f64; what f32 rounds off must not matter beside the step.
Case cast_case(Rng& rng) {
  if (rng.chance(0.3)) return {[](const Tensors& x) { return to(x[0], f64); }, {normal(rng, shape(rng)).to(f32)}, 1};
  return {[](const Tensors& x) { return to(to(x[0], f32), f64); }, {normal(rng, shape(rng))}, 1};
}

std::vector<Case> number_errors(Binary f) {
  return {{[f](const Tensors& x) { return f(x[0], 2.0); }, {flags({2})}},
          {[f](const Tensors& x) { return f(x[0], 0.5); }, {whole({2})}},
          {[f](const Tensors& x) { return f(x[0], 2.0); }, {undefined()}}};
}

}  // namespace

std::vector<Row> elementwise_rows() {
  const auto pow_errors = binary_errors(pow);
  const auto remainders = [](const Tensors& x) { return remainder(x[0], x[1]); };
  std::vector<Row> rows{
      binary("add", add, normal, normal, true, is_linear),
      binary("sub", sub, normal, normal, false, is_linear),
      binary("mul", mul, normal, normal, true),
      binary("div", div, normal, apart, false),
      binary("chain_mul", chain_mul, normal, normal, true),
      binary("chain_div", chain_div, normal, apart, false),
      binary("pow", pow, positive, apart, false),
      binary("maximum", maximum, even, odd, false, in_pieces),
      binary("minimum", minimum, even, odd, false, in_pieces),
      {"remainder", remainder_case, binary_errors(remainder), nullptr, in_pieces},
      binary("atan2", atan2, apart, apart, false),
  };
  for (Row& row : rows)
    if (row.name == std::string("remainder"))
      row.errors.push_back({remainders, {whole({2}), gradus::zeros({2}, gradus::i64)}});
  const auto wheres = [](const Tensors& x) { return where(x[0], x[1], x[2]); };
  rows.push_back({"where",
                  where_case,
                  {{wheres, {numbers({2}), numbers({2}), numbers({2})}},
                   {wheres, {flags({2}), numbers({2}), single({2})}},
                   {wheres, {flags({3}), numbers({2}), numbers({2})}},
                   {wheres, {flags({2}), numbers({2}), numbers({3})}},
                   {wheres, {flags({2}), undefined(), numbers({2})}},
                   {[](const Tensors& x) { return where(x[0], 1.0, 2.0); }, {flags({2})}}},
                  nullptr,
                  is_linear});
  rows.push_back({"add_scalar", add_scalar_case, number_errors(add), nullptr, is_linear});
  rows.push_back({"mul_scalar", mul_scalar_case, number_errors(mul), nullptr, is_linear});
  rows.push_back({"pow_scalar", pow_scalar_case, number_errors(pow)});
  rows.push_back(
      {"clamp",
       clamp_case,
       {{[](const Tensors& x) { return clamp(x[0], 2, 1); }, {numbers({2})}},
        {[](const Tensors& x) { return clamp(x[0], std::numeric_limits<double>::quiet_NaN(), 1); }, {numbers({2})}},
        {[](const Tensors& x) { return clamp(x[0], 0, 1); }, {flags({2})}},
        {[](const Tensors& x) { return clamp(x[0], 0, 1); }, {undefined()}}},
       nullptr,
       in_pieces});
  rows.push_back(
      {"to", cast_case, {{[](const Tensors& x) { return to(x[0], f32); }, {undefined()}}}, nullptr, is_linear});
  return rows;
}

}  // namespace gate

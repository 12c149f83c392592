// Linear algebra: matrices with an inverse that is not too large.
#include "gate/draw.hpp"

namespace gate {

using namespace gradus;

namespace {

Shape with(const Shape& batch, std::int64_t rows, std::int64_t columns) {
  Shape s = batch;
  s.push_back(rows);
  s.push_back(columns);
  return s;
}

// Small numbers, and a diagonal of 1.5 to 2.5 of either sign.
Tensor regular(Rng& rng, const Shape& batch, std::int64_t n) {
  const Shape s = with(batch, n, n);
  const Tensor diagonal = signed_away(rng, s, 1.5, 2.5) * eye(n, f64);
  return strided(rng, uniform(rng, s, -0.4, 0.4) + diagonal);
}

Shape a_batch(Rng& rng) { return shape(rng, 0, 1, false); }

Case cholesky_case(Rng& rng) {
  const auto n = rng.between(1, 4);
  const bool upper = rng.chance(0.3);
  const Shape s = with(a_batch(rng), n, n);
  const Tensor x = uniform(rng, s, -1, 1), skew = uniform(rng, s, -0.1, 0.1);
  const Tensor spd = matmul(x, x, {.transpose_b = true}) + eye(n, f64) + (skew - skew.t());
  return {[=](const Tensors& t) { return cholesky(t[0], upper); }, {strided(rng, spd)}};
}

Case triangular_case(Rng& rng) {
  const auto n = rng.between(1, 4), k = rng.between(1, 3);
  const SolveTriangularOptions options{
      .upper = rng.chance(0.5), .left = rng.chance(0.6), .unitriangular = rng.chance(0.3)};
  const auto batch = broadcasting(rng, a_batch(rng), 2);
  return {[=](const Tensors& x) { return solve_triangular(x[0], x[1], options); },
          {regular(rng, batch[0], n), normal(rng, options.left ? with(batch[1], n, k) : with(batch[1], k, n))}};
}

Case solve_case(Rng& rng) {
  const auto n = rng.between(1, 4), k = rng.between(1, 3);
  const auto batch = broadcasting(rng, a_batch(rng), 2);
  const auto call = [](const Tensors& x) { return solve(x[0], x[1]); };
  if (rng.chance(0.2)) return {call, {regular(rng, batch[0], n), normal(rng, {n})}};
  return {call, {regular(rng, batch[0], n), normal(rng, with(batch[1], n, k))}};
}

Case inverse_case(Rng& rng) {
  return {[](const Tensors& x) { return inverse(x[0]); }, {regular(rng, a_batch(rng), rng.between(1, 4))}};
}

// Now and then a matrix without an inverse.
Case det_case(Rng& rng) {
  const auto n = rng.between(1, 4);
  Tensor x = regular(rng, a_batch(rng), n);
  if (rng.chance(0.3)) x = x * (arange(n) != rng.below(n)).to(f64);
  return {[](const Tensors& t) { return det(t[0]); }, {x}};
}

Case logabsdet_case(Rng& rng) {
  return {[](const Tensors& x) { return slogdet(x[0]).logabsdet; }, {regular(rng, a_batch(rng), rng.between(1, 4))}};
}

std::vector<Case> square_errors(Tensor (*f)(Arg), bool refuses_singular) {
  const auto call = [f](const Tensors& x) { return f(x[0]); };
  std::vector<Case> errors{{call, {numbers({3})}},      {call, {numbers({})}},   {call, {numbers({2, 3})}},
                           {call, {whole({2, 2})}},     {call, {flags({2, 2})}}, {call, {undefined()}},
                           {call, {numbers({2, 3, 2})}}};
  if (refuses_singular) errors.push_back({call, {numbers({2, 2, 2})}});
  return errors;
}

std::vector<Case> pair_errors(Tensor (*f)(Arg, Arg)) {
  const auto call = [f](const Tensors& x) { return f(x[0], x[1]); };
  return {{call, {numbers({2, 3}), numbers({2, 1})}},
          {call, {numbers({2, 2}), numbers({3, 1})}},
          {call, {numbers({2, 2}), single({2, 1})}},
          {call, {numbers({2, 2}), numbers({})}},
          {call, {numbers({2, 2, 2}), numbers({3, 2, 1})}},
          {call, {whole({2, 2}), whole({2, 1})}},
          {call, {numbers({2}), numbers({2})}},
          {call, {numbers({2, 2}), undefined()}},
          {call, {undefined(), numbers({2, 1})}},
          {call, {gradus::zeros({1, 2, 2}, f64), numbers({2, 1})}}};
}

}  // namespace

std::vector<Row> linalg_rows() {
  const auto lower = [](Arg x) { return cholesky(x); };
  const auto logarithm = [](Arg x) { return slogdet(x).logabsdet; };
  const auto triangular = [](Arg a, Arg b) { return solve_triangular(a, b); };
  return {{"cholesky", cholesky_case, square_errors(lower, true)},
          {"solve_triangular", triangular_case, pair_errors(triangular)},
          {"solve", solve_case, pair_errors(solve)},
          {"inverse", inverse_case, square_errors(inverse, true)},
          {"det", det_case, square_errors(det, false)},
          {"logabsdet", logabsdet_case, square_errors(logarithm, false)}};
}

}  // namespace gate

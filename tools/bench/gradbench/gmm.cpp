// gmm: the log posterior of a Gaussian mixture with a Wishart prior. All points and components in one product.
#include <cmath>
#include <numbers>

#include "bench/gradbench/evals.hpp"

namespace gradbench {

namespace {

struct Problem {
  std::int64_t d = 0, k = 0, n = 0, m = 0;  // dimensions, components, points, extra degrees of freedom
  double gamma = 0;                         // precision of the prior
  Tensor alpha, mu, q, l, x;                // (k), (k, d), (k, d), (k, d(d-1)/2), (n, d)
  Tensor diagonal, lower;                   // where q and l stand in a flattened matrix (d, d)
};

// log Gamma_d(a)
double log_gamma(double a, std::int64_t d) {
  const auto p = static_cast<double>(d);
  double sum = 0.25 * p * (p - 1) * std::log(std::numbers::pi);
  for (std::int64_t j = 0; j < d; ++j) sum += std::lgamma(a - 0.5 * static_cast<double>(j));
  return sum;
}

Tensor log_posterior(const Problem& p) {
  const auto d = static_cast<double>(p.d), k = static_cast<double>(p.k), n = static_cast<double>(p.n);
  const auto m = static_cast<double>(p.m), freedom = d + m + 1;
  // The factors of the precision matrices, one under the other, so that one product serves all: Q (x - mu).
  const Tensor scales = exp(p.q);
  const Tensor diagonals = index_add(zeros({p.k, p.d * p.d}, f64), 1, p.diagonal, scales);
  const Tensor factors = index_add(diagonals, 1, p.lower, p.l).reshape({p.k, p.d, p.d});
  const Tensor means = matmul(factors, p.mu.unsqueeze(2)).reshape({p.k * p.d});
  const Tensor scaled = linear(p.x, factors.reshape({p.k * p.d, p.d}), -means).reshape({p.n, p.k, p.d});
  const Tensor log_det = sum(p.q, {1});
  const Tensor terms = p.alpha + log_det - 0.5 * sum(square(scaled), {2});
  const Tensor likelihood = sum(logsumexp(terms, {1})) - n * logsumexp(p.alpha);
  const Tensor spread = sum(square(scales)) + sum(square(p.l));
  const double constant =
      -0.5 * n * d * std::log(2 * std::numbers::pi) +
      k * (freedom * d * (std::log(p.gamma) - 0.5 * std::numbers::ln2) - log_gamma(0.5 * freedom, p.d));
  return likelihood - 0.5 * p.gamma * p.gamma * spread + m * sum(log_det) + constant;
}

Problem read(const Json& input) {
  Problem p;
  p.d = integer(input, "d", 1, 4096);
  p.k = integer(input, "k", 1, 1 << 20);
  p.n = integer(input, "n", 1, 1 << 30);
  p.m = integer(input, "m", 0, 1 << 20);
  p.gamma = field(input, "gamma", {}).item();
  p.alpha = field(input, "alpha", {p.k});
  p.mu = field(input, "mu", {p.k, p.d});
  p.q = field(input, "q", {p.k, p.d});
  p.l = field(input, "l", {p.k, p.d * (p.d - 1) / 2});
  p.x = field(input, "x", {p.n, p.d});
  std::vector<std::int64_t> lower;  // column by column
  for (std::int64_t c = 0; c < p.d; ++c)
    for (std::int64_t r = c + 1; r < p.d; ++r) lower.push_back(r * p.d + c);
  p.lower = from_data(std::span<const std::int64_t>(lower), {static_cast<std::int64_t>(lower.size())});
  p.diagonal = arange(0, p.d * p.d, p.d + 1, i64);
  return p;
}

}  // namespace

Functions gmm() {
  return {
      {"objective",
       [](const Json& input) {
         const Problem p = read(input);
         return job([=] { return log_posterior(p); });
       }},
      {"jacobian", [](const Json& input) {
         const Problem p = read(input);
         return job(
             [=] {
               return value_and_grad([&] { return log_posterior(p); }, {p.alpha, p.mu, p.q, p.l}).grads;
             },
             [](const std::vector<Tensor>& g) {
               return Json{{"alpha", to_json(g[0])}, {"mu", to_json(g[1])}, {"q", to_json(g[2])}, {"l", to_json(g[3])}};
             });
       }}};
}

}  // namespace gradbench

// llsq: a polynomial beside a step function, least squares. 256 points at a time: their powers stay in the cache, and
// the gradient of a sum is the sum of the gradients.
#include "bench/gradbench/evals.hpp"

namespace gradbench {

namespace {

constexpr std::int64_t block = 256;

struct Problem {
  Tensor x;            // (m): the coefficients
  std::int64_t n = 0;  // points
};

// Half the sum of squares of the points from `begin` on.
Tensor loss(const Problem& p, std::int64_t begin) {
  const std::int64_t m = p.x.numel(), count = std::min(block, p.n - begin);
  Tensor powers = zeros({m, count}, f64), signs = zeros({count}, f64);
  const std::span<double> to = powers.mutable_data<double>(), sign = signs.mutable_data<double>();
  std::vector<double> t(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < t.size(); ++i) {
    t[i] = -1 + static_cast<double>(begin + static_cast<std::int64_t>(i)) * 2 / static_cast<double>(p.n - 1);
    sign[i] = (t[i] > 0) - (t[i] < 0);
    to[i] = 1;
  }
  for (std::size_t k = t.size(); k < to.size(); k += t.size())
    for (std::size_t i = 0; i < t.size(); ++i) to[k + i] = to[k - t.size() + i] * t[i];
  return 0.5 * sum(square(signs - matmul(p.x, powers)));
}

Tensor total(const Problem& p) {
  Tensor sum = zeros({}, f64);
  for (std::int64_t begin = 0; begin < p.n; begin += block) sum.add_(loss(p, begin));
  return sum;
}

Tensor gradient(const Problem& p) {
  Tensor sum = zeros_like(p.x);
  for (std::int64_t begin = 0; begin < p.n; begin += block)
    sum.add_(value_and_grad([&] { return loss(p, begin); }, {p.x}).grads[0]);
  return sum;
}

Problem read(const Json& input) {
  const Tensor x = field(input, "x", {-1});
  if (x.numel() < 1 || x.numel() > 1 << 20) throw std::invalid_argument("input \"x\": 1 to 2^20 numbers are expected");
  return {x, integer(input, "n", 2, std::int64_t{1} << 31)};
}

}  // namespace

Functions llsq() {
  return {{"primal",
           [](const Json& input) {
             const Problem p = read(input);
             return job([=] { return total(p); });
           }},
          {"gradient", [](const Json& input) {
             const Problem p = read(input);
             return job([=] { return gradient(p); });
           }}};
}

}  // namespace gradbench

// ode: y_0' = x_0, y_i' = x_i y_(i-1) from y = 0, by Runge-Kutta of order 4, to the time 2.
#include "bench/gradbench/evals.hpp"

namespace gradbench {

namespace {

struct Problem {
  Tensor x;            // (n)
  std::int64_t s = 0;  // steps
};

Tensor slope(const Tensor& x, const Tensor& y) { return x * pad(y, {{1, -1}}, PadMode::constant, 1); }

Tensor solve(const Problem& p) {
  const double h = 2 / static_cast<double>(p.s);
  const Tensor half = p.x * (h / 2), whole = p.x * h;  // the step is in x: slopes are moves
  Tensor y = zeros_like(p.x);
  for (std::int64_t i = 0; i < p.s; ++i) {
    const Tensor k1 = slope(half, y), k2 = slope(half, y + k1), k3 = slope(whole, y + k2), k4 = slope(half, y + k3);
    y = y + (k1 + 2.0 * k2 + k3 + k4) * (1.0 / 3);
  }
  return y;
}

Problem read(const Json& input) {
  const Tensor x = field(input, "x", {-1});
  if (x.numel() < 1) throw std::invalid_argument("input \"x\": it is empty");
  return {x, integer(input, "s", 1, 1 << 20)};
}

}  // namespace

Functions ode() {
  return {{"primal",
           [](const Json& input) {
             const Problem p = read(input);
             return job([=] { return solve(p); });
           }},
          {"gradient", [](const Json& input) {
             const Problem p = read(input);
             return job([=] { return value_and_grad([&] { return solve(p)[-1]; }, {p.x}).grads[0]; });
           }}};
}

}  // namespace gradbench

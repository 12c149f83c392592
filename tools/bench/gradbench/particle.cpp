// particle: where a charge must stand so that a particle crosses the axis at 0. The force on the particle is a
// gradient, within the path that the outer gradient goes through: reverse mode in reverse mode.
#include "bench/gradbench/descent.hpp"

namespace gradbench {

namespace {

// The square of where the path crosses the axis, for the charge at (10, 10 - w).
Tensor miss(const Tensor& w) {
  constexpr double dt = 0.1;
  const Tensor charges = tensor({{10, 10}, {10, 0}}, f64) - pad(w.unsqueeze(0), {{0, 1}, {1, 0}});
  const Function potential = [&](const Tensor& x) { return sum(rsqrt(sum(square(x - charges), {1}))); };
  Tensor x = tensor({0, 8}, f64), v = tensor({0.75, 0}, f64);
  while (true) {
    const Tensor force = -recorded_gradient(potential, x);
    x = x + dt * v;
    if (x.at({1}) <= 0) return square(x[0] - x[1] / v[1] * v[0]);  // on to the axis, in a line
    v = v + dt * force;
  }
}

}  // namespace

Functions particle() {
  return {{"rr", [](const Json& input) {
             const Tensor w = field(input, "w", {});
             return job([=] {
               const auto value = [](const Tensor& at) { return own_value(miss, at); };
               const auto gradient = [](const Tensor& at) { return own_gradient(miss, at); };
               return argmin(value, gradient, w.reshape({1})).reshape({});
             });
           }}};
}

}  // namespace gradbench

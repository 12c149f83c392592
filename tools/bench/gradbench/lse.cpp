// lse: log sum e^x, of its parts.
#include "bench/gradbench/evals.hpp"

namespace gradbench {

namespace {

// The shift by the maximum changes nothing but rounding, so that its derivative is 0: detach() says so.
Tensor log_sum_exp(const Tensor& x) {
  const Tensor shift = x.max().detach();
  return log(sum(exp(x - shift))) + shift;
}

Tensor read(const Json& input) { return field(input, "x", {-1}); }

}  // namespace

Functions lse() {
  return {{"primal",
           [](const Json& input) {
             const Tensor x = read(input);
             return job([=] { return log_sum_exp(x); });
           }},
          {"gradient", [](const Json& input) {
             const Tensor x = read(input);
             return job([=] { return value_and_grad([&] { return log_sum_exp(x); }, {x}).grads[0]; });
           }}};
}

}  // namespace gradbench

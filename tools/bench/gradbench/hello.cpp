// hello: the square of a number, and its derivative.
#include "bench/gradbench/evals.hpp"

namespace gradbench {

Functions hello() {
  return {{"square",
           [](const Json& input) {
             const Tensor x = numbers(input, "x", {});
             return job([=] { return x * x; });
           }},
          {"double", [](const Json& input) {
             const Tensor x = numbers(input, "x", {});
             return job([=] { return value_and_grad([&] { return x * x; }, {x}).grads[0]; });
           }}};
}

}  // namespace gradbench

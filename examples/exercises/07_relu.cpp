// Exercise 07: ReLU, backwards. Lesson 7.
// y = max(x, 0). g is dL/dy. Return dL/dx. `to(x > 0, f64)` is 1 where x > 0, else 0.
#include <gradus/gradus.hpp>

#include "exercise.hpp"

using namespace gradus;

namespace {

Tensor relu_back(const Tensor& x, const Tensor& g) {
  // HOLE
  hole(x, g);
  // END
}

}  // namespace

int main() {
  Exercise exercise("07_relu", "ReLU, backwards", "the slope is 1 where x > 0 and 0 elsewhere; multiply g by it");
  return exercise.run([&] {
    const Tensor x = tensor({-2, -0.5, 0.5, 3}, f64).requires_grad_(), g = tensor({1, 2, 3, 4}, f64);
    Tape tape;
    tape.backward(sum(g * relu(x)));
    exercise.expect("dL/dx", x.grad(), relu_back(x.detach(), g));
  });
}

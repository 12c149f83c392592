// Exercise 06: a layer, backwards. Lesson 11.
// s = x W. g is dL/ds. Return dL/dW in .w and dL/dx in .x. Products: matmul(a, b); transposed: a.t().
#include <gradus/gradus.hpp>

#include "exercise.hpp"

using namespace gradus;

namespace {

struct Gradients {
  Tensor w, x;
};

Gradients layer(const Tensor& x, const Tensor& W, const Tensor& g) {
  // HOLE
  hole(x, W, g);
  // END
}

}  // namespace

int main() {
  Exercise exercise("06_layer", "a layer, backwards",
                    "dL/dW has the shape of W, dL/dx that of x. Only one product of each pair fits");
  return exercise.run([&] {
    manual_seed(6);
    const Tensor x = randn({5, 3}, f64).requires_grad_(), W = randn({3, 2}, f64).requires_grad_();
    const Tensor g = randn({5, 2}, f64);
    Tape tape;
    tape.backward(sum(g * matmul(x, W)));
    const Gradients yours = layer(x.detach(), W.detach(), g);
    exercise.expect("dL/dW", W.grad(), yours.w);
    exercise.expect("dL/dx", x.grad(), yours.x);
  });
}

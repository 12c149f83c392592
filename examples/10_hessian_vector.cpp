// The gradient of a gradient: a Hessian times a vector, without the Hessian.
#include <gradus/gradus.hpp>

#include <cstdio>

using namespace gradus;

int main() {
  // f(x) = x0² x1 + exp(x1 x2);  its Hessian at (1, 2, 0) is [[4, 2, 0], [2, 0, 1], [0, 1, 4]].
  Tensor x = tensor({1, 2, 0}, f64).requires_grad_();
  const Tensor v = tensor({1, -1, 2}, f64);

  Tape tape;
  Tensor f = square(x[0]) * x[1] + exp(x[1] * x[2]);
  Tensor g = tape.gradient(f, {x}, {.record = true})[0];  // this walk is recorded too …
  Tensor hv = tape.gradient(sum(g * v), {x})[0];          // … so it can be differentiated

  std::printf("f    = %g\n", f.item());
  std::printf("grad = %g %g %g\n", g.at({0}), g.at({1}), g.at({2}));
  std::printf("H v  = %g %g %g\n", hv.at({0}), hv.at({1}), hv.at({2}));
}

// Prints:
//   f    = 3
//   grad = 4 1 2
//   H v  = 2 4 7

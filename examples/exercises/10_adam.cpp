// Exercise 10: a step of Adam. Lesson 8.
// Change x, m and v by step number t (1, 2, …) of Adam, with β1 = 0.9, β2 = 0.999, ε = 1e-8.
#include <gradus/gradus.hpp>

#include "exercise.hpp"

using namespace gradus;

namespace {

void step(double& x, double& m, double& v, double g, double rate, int t) {
  // HOLE
  hole(x, m, v, g, rate, t);
  // END
}

}  // namespace

int main() {
  Exercise exercise("10_adam", "a step of Adam",
                    "m and v are averages of g and g². Divide m by 1 - 0.9^t and v by 1 - 0.999^t before you use them");
  return exercise.run([&] {
    const Tensor p = scalar(1, f64).requires_grad_();
    optim::Adam opt({p}, {.lr = 0.1});
    double x = 1, m = 0, v = 0;
    for (int t = 1; t <= 20; ++t) {
      opt.zero_grad();
      Tape tape;
      tape.backward(square(p) * 2);
      opt.step();
      step(x, m, v, 4 * x, 0.1, t);
    }
    exercise.expect("x after 20 steps on 2 x²", p.item(), x);
  });
}

// Exercise 09: momentum. Lesson 4.
// Change v and x by one step of momentum: v = β v + g, x = x - rate v.
#include <gradus/gradus.hpp>

#include "exercise.hpp"

using namespace gradus;

namespace {

void step(double& x, double& v, double g, double rate, double beta) {
  // HOLE
  hole(x, v, g, rate, beta);
  // END
}

}  // namespace

int main() {
  Exercise exercise("09_momentum", "momentum", "first the buffer v, then x, by the new v");
  return exercise.run([&] {
    const Tensor p = scalar(1, f64).requires_grad_();
    optim::SGD opt({p}, {.lr = 0.1, .momentum = 0.9});
    double x = 1, v = 0;
    for (int i = 0; i < 20; ++i) {
      opt.zero_grad();
      Tape tape;
      tape.backward(square(p) * 2);
      opt.step();
      step(x, v, 4 * x, 0.1, 0.9);
    }
    exercise.expect("x after 20 steps on 2 x²", p.item(), x);
  });
}

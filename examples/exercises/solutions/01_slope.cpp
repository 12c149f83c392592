// Exercise 01: the slope of a loss, solved. Lesson 0a.
// The loss is (w x - y)². Return its slope dL/dw.
#include <gradus/gradus.hpp>

#include "../exercise.hpp"

using namespace gradus;

namespace {

double slope(double w, double x, double y) {
  // HOLE
  return 2 * (w * x - y) * x;
  // END
}

}  // namespace

int main() {
  Exercise exercise(
      "01_slope", "the slope of a loss",
      "the derivative of a square is twice what is inside, times the derivative of what is inside, which is x");
  return exercise.run([&] {
    for (const double at : {1.0, 3.0, -2.5}) {
      const Tensor w = scalar(at, f64).requires_grad_();
      Tape tape;
      tape.backward(square(w * 2 - 6));
      exercise.expect("the slope", w.grad().item(), slope(at, 2, 6));
    }
  });
}

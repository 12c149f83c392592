// Exercise 03: a derivative by paths. Lesson 1.
// c = a + b, d = a b, y = c d. Return dy/da: two paths lead from a to y.
#include <gradus/gradus.hpp>

#include "exercise.hpp"

using namespace gradus;

namespace {

double by_a(double a, double b) {
  // HOLE
  hole(a, b);
  // END
}

}  // namespace

int main() {
  Exercise exercise("03_paths", "a derivative by paths",
                    "through c: dy/dc is d, and dc/da is 1. Through d: dy/dd is c, and dd/da is b. Add both");
  return exercise.run([&] {
    const Tensor a = scalar(2, f64).requires_grad_(), b = scalar(3, f64);
    Tape tape;
    const Tensor c = a + b, d = a * b;
    tape.backward(c * d);
    exercise.expect("dy/da at (2, 3)", a.grad().item(), by_a(2, 3));
  });
}

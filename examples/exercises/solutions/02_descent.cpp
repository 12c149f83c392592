// Exercise 02: a step of descent, solved. Lesson 0a.
// Move w against its gradient. `w.add_(t, k)` adds k t to w.
#include <gradus/gradus.hpp>

#include "../exercise.hpp"

using namespace gradus;

namespace {

void step(Tensor& w, double rate) {
  // HOLE
  w.add_(w.grad(), -rate);
  // END
}

}  // namespace

int main() {
  Exercise exercise("02_descent", "a step of descent", "new w = w - rate · gradient; the gradient is w.grad()");
  return exercise.run([&] {
    Tensor w = tensor({4, -2}, f64).requires_grad_();
    for (int i = 0; i < 3; ++i) {
      w.zero_grad();
      Tape tape;
      tape.backward(sum(square(w)) / 2);
      step(w, 0.5);
    }
    exercise.expect("w after three steps on |w|²/2 with rate 1/2", tensor({0.5, -0.25}, f64), w.detach());
  });
}

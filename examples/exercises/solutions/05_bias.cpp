// Exercise 05: the gradient of a bias, solved. Lesson 1.
// s = x + bias, where x is (n, m) and bias is (m). g is dL/ds, (n, m). Return dL/dbias.
#include <gradus/gradus.hpp>

#include "../exercise.hpp"

using namespace gradus;

namespace {

Tensor bias_gradient(const Tensor& g) {
  // HOLE
  return sum(g, {0});
  // END
}

}  // namespace

int main() {
  Exercise exercise("05_bias", "the gradient of a bias",
                    "the bias was used in each row, so the rows of g add up: sum(g, {0})");
  return exercise.run([&] {
    const Tensor g = tensor({{1, 2, 3}, {4, 5, 6}}, f64), bias = zeros({3}, f64).requires_grad_();
    Tape tape;
    tape.backward(sum(g * (ones({2, 3}, f64) + bias)));
    exercise.expect("dL/dbias", bias.grad(), bias_gradient(g));
  });
}

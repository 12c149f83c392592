// Exercise 08: softmax with cross-entropy. Lesson 6.
// z are scores of one example, (classes). Return dL/dz for the class `label`. `softmax(z, 0)` gives p.
#include <gradus/gradus.hpp>

#include "exercise.hpp"

using namespace gradus;

namespace {

Tensor back(const Tensor& z, std::int64_t label) {
  // HOLE
  hole(z, label);
  // END
}

}  // namespace

int main() {
  Exercise exercise("08_softmax", "softmax with cross-entropy", "p - y, where y is 1 at the label and 0 elsewhere");
  return exercise.run([&] {
    const Tensor z = tensor({2, 1, 0.1}, f64).requires_grad_();
    Tape tape;
    tape.backward(cross_entropy(z.unsqueeze(0), tensor({1}, i64)));
    exercise.expect("dL/dz", z.grad(), back(z.detach(), 1));
  });
}

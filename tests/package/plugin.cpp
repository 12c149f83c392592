// A shared library of a user's that holds the static library. d(x²)/dx at 3 is 6.
#include <gradus/gradus.hpp>

extern "C" double slope() {
  using namespace gradus;
  Tensor x = tensor({3}).requires_grad_();
  Tape tape;
  tape.backward(sum(x * x));
  return x.grad().item();
}

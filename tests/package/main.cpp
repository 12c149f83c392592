// A user's program: it knows the public headers and nothing else. y = x², dy/dx = 2x, and an error crosses the border.
#include <gradus/gradus.hpp>

#include <cstdio>

using namespace gradus;

int main() {
  Tensor x = tensor({3}).requires_grad_();
  Tape tape;
  Tensor y = sum(x * x);
  Tensor g = tape.gradient(y, {x}, {.record = true})[0];  // as users write options: no warning may come of it
  tape.backward(y, {.keep = true});
  std::printf("%g %g %g\n", y.item(), g.item(), x.grad().item());
  try {
    matmul(tensor({{1, 2}}), tensor({{1, 2}}));
  } catch (const Error&) {
    std::puts("caught");
    return 0;
  }
  return 1;
}

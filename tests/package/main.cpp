// A user's program: it knows the public headers and nothing else. d(x²)/dx at 3 is 6.
#include <gradus/gradus.hpp>

#include <cstdio>

int main() {
  gradus::Tensor x = gradus::tensor({3.0f}).requires_grad_();
  gradus::Tape tape;
  gradus::Tensor y = gradus::sum(x * x);
  tape.backward(y);
  std::printf("%g %g\n", y.item<double>(), x.grad().item<double>());
  try {
    y + gradus::tensor({1.0, 2.0, 3.0});  // mixed dtypes: the exception must cross the library's border
  } catch (const gradus::Error& e) {
    std::puts("caught");
    return 0;
  }
  return 1;
}

// The chain rule, by itself: a formula of two numbers, its value and its two derivatives.
#include <gradus/gradus.hpp>

#include <cstdio>

using namespace gradus;

int main() {
  Tensor a = scalar(-4, f64).requires_grad_();
  Tensor b = scalar(2, f64).requires_grad_();

  Tape tape;  // from here on, what happens to a and b is written down
  Tensor c = a + b;
  Tensor d = a * b + pow(b, 3);
  c = c + c + 1;
  c = c + 1 + c + (-a);
  d = d + d * 2 + relu(b + a);
  d = d + 3 * d + relu(b - a);
  Tensor e = c - d;
  Tensor f = pow(e, 2);
  Tensor g = f / 2 + 10 / f;
  std::printf("g     = %.4f\n", g.item());

  tape.backward(g);  // the same steps, backwards
  std::printf("dg/da = %.4f\n", a.grad().item());
  std::printf("dg/db = %.4f\n", b.grad().item());
  std::printf("%d steps were recorded; the last three:\n", tape.size());
  for (int i = tape.size() - 3; i < tape.size(); ++i)
    std::printf("  %-10s %s\n", tape[i].name(), tape[i].rule().c_str());
}

// Prints:
//   g     = 24.7041
//   dg/da = 138.8338
//   dg/db = 645.5773
//   27 steps were recorded; the last three:
//     div        da = g / b   db = -g a / b²
//     div        da = g / b   db = -g a / b²
//     add        da = g   db = g

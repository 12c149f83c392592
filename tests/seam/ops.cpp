// A million small operations, recorded and walked back, with nobody watching. Built twice: as the library is, and with
// all that observers are told by compiled out.
#include <gradus/gradus.hpp>

#include <cstdio>

using namespace gradus;

int main() {
  Tensor x = scalar(0.5).requires_grad_(), w = scalar(1.0001).requires_grad_();
  double total = 0;
  for (int tapes = 0; tapes < 5000; ++tapes) {
    Tape tape;
    Tensor y = x;
    for (int i = 0; i < 100; ++i) y = y * w + x;
    tape.backward(y);
    x.zero_grad(), w.zero_grad();
    total += y.item();
  }
  std::printf("%.6g\n", total);
}

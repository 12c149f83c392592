// Gradient descent in one screen: fit y = 2 x - 1 through noisy points, with no module and no optimizer.
#include <gradus/gradus.hpp>

#include <cstdio>

using namespace gradus;

int main() {
  manual_seed(1);
  const Tensor x = linspace(-1, 1, 50, f64);
  const Tensor y = 2 * x - 1 + 0.1 * randn({50}, f64);

  Tensor w = scalar(0, f64).requires_grad_();
  Tensor b = scalar(0, f64).requires_grad_();

  for (int step = 0; step <= 60; ++step) {
    Tape tape;
    Tensor loss = mse_loss(w * x + b, y);
    tape.backward(loss);
    if (step % 20 == 0) std::printf("step %2d   loss %.4f   y = %.2f x %+.2f\n", step, loss.item(), w.item(), b.item());
    for (Tensor* p : {&w, &b}) {
      p->add_(p->grad(), -0.3);  // a small step downhill; changes in place are not recorded
      p->zero_grad();
    }
  }
}

// Prints:
//   step  0   loss *   y = 0.00 x +0.00
//   step 20   loss 0.0*   y = * x *
//   step 40   loss 0.0*   y = * x *
//   step 60   loss 0.0*   y = * x *

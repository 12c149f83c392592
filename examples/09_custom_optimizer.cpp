// An optimizer of your own: options, the state of one parameter, and how one parameter is updated.
#include <gradus/gradus.hpp>

#include <cstdio>

using namespace gradus;

struct SignumOptions {
  double lr = 1e-3, momentum = 0.9;
};

// Follows the sign of the averaged gradient (Bernstein et al., "signSGD", 2018).
struct Signum : optim::Optimizer<SignumOptions> {
  using Optimizer::Optimizer;
  void init(optim::State& s, const Tensor& p, const SignumOptions&) override { s.add("average", zeros_like(p)); }
  void update(Tensor& p, const Tensor& g, optim::State& s, const SignumOptions& o) override {
    s[0].mul_(o.momentum).add_(g, 1 - o.momentum);
    p.add_(sign(s[0]), -o.lr);
  }
};

int main() {
  Tensor p = tensor({-1.5, 2}, f64).requires_grad_();
  Signum opt({p}, {.lr = 0.01});
  for (int step = 0; step <= 400; ++step) {
    Tape tape;
    Tensor x = p[0], y = p[1];
    Tensor f = square(1 - x) + 5 * square(y - x * x);  // a curved valley whose floor is at (1, 1)
    tape.backward(f);
    if (step % 200 == 0) std::printf("step %3d   f = %.3f   p = (%.2f, %.2f)\n", step, f.item(), x.item(), y.item());
    opt.step();
    opt.zero_grad();
  }
}

// Prints:
//   step   0   f = 6.562   p = (-1.50, 2.00)
//   step 200   f = *   p = (*)
//   step 400   f = 0.00*   p = (*)

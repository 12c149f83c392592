// An observer of your own: ten lines that see every step of the backward walk.
#include <gradus/gradus.hpp>

#include <cstdio>

using namespace gradus;

struct Norms : Observer {  // how large each gradient is when it is complete
  void on_visit(const VisitEvent& e) override {
    const double norm = sqrt(sum(square(e.grad.detach()))).item();
    std::printf("  node %d  %-7s  |gradient| %.4f\n", e.node, e.tape[e.node].name(), norm);
  }
  void on_contribution(const ContributionEvent& e) override {
    contributions += 1;
    if (e.before.defined()) std::printf("  node %d gets a second contribution\n", e.to);
  }
  int contributions = 0;
};

int main() {
  Tensor w = tensor({{0.5, -0.25}, {1, 0.75}}, f64).requires_grad_();
  Norms norms;
  const Observing watching(norms);  // until the end of the scope

  Tape tape;
  Tensor h = tanh(matmul(tensor({{1, 2}}, f64), w));
  Tensor loss = sum(h * sigmoid(h));  // h is used twice
  tape.backward(loss);
  std::printf("%d contributions in all\n", norms.contributions);
}

// Prints:
//     node 5  sum      |gradient| 1.0000
//     node 4  mul      |gradient| 1.4142
//     node 3  sigmoid  |gradient| 1.3012
//     node 2 gets a second contribution
//     node 2  tanh     |gradient| 1.2745
//     node 1  matmul   |gradient| 0.2475
//     node 0  leaf     |gradient| 0.5534
//   6 contributions in all

// The smallest network that needs its hidden layer: exclusive or.
#include <gradus/gradus.hpp>

#include <cstdio>

using namespace gradus;

struct Mlp : nn::Module<Mlp> {
  nn::Linear fc1{2, 8}, fc2{8, 1};
  Tensor forward(const Tensor& x) const { return fc2(tanh(fc1(x))); }
  void fields(auto& v) { v("fc1", fc1), v("fc2", fc2); }
};

int main() {
  manual_seed(2);
  const Tensor x = tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}});
  const Tensor y = tensor({{0}, {1}, {1}, {0}});

  Mlp net;
  optim::SGD opt(net, {.lr = 0.5, .momentum = 0.9});
  for (int step = 0; step < 300; ++step) {
    Tape tape;
    Tensor loss = bce_with_logits_loss(net(x), y);
    tape.backward(loss);
    opt.step();
    opt.zero_grad();
  }

  const Tensor p = sigmoid(net(x));  // no tape: nothing is recorded
  for (int i = 0; i < 4; ++i) std::printf("%g xor %g = %.0f\n", x.at({i, 0}), x.at({i, 1}), p.at({i, 0}));
}

// Prints:
//   0 xor 0 = 0
//   0 xor 1 = 1
//   1 xor 0 = 1
//   1 xor 1 = 0

// A small program, for tools/bench/process: how long until it has done one training step?
#include <gradus/gradus.hpp>

#include <cstdio>

using namespace gradus;

int main() {
  manual_seed(1);
  nn::Sequential net{nn::Linear(2, 8), nn::Tanh(), nn::Linear(8, 1)};
  optim::SGD opt(net, {.lr = 0.1});
  const Tensor x = randn({4, 2}), y = randn({4, 1});
  Tape tape;
  const Tensor loss = mse_loss(net(x), y);
  tape.backward(loss);
  opt.step();
  std::printf("%.4f\n", loss.item());
}

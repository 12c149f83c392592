// ../small.cpp on libtorch.
#include <torch/torch.h>

#include <cstdio>

int main() {
  torch::manual_seed(1);
  torch::nn::Sequential net(torch::nn::Linear(2, 8), torch::nn::Tanh(), torch::nn::Linear(8, 1));
  torch::optim::SGD opt(net->parameters(), torch::optim::SGDOptions(0.1));
  const torch::Tensor x = torch::randn({4, 2}), y = torch::randn({4, 1});
  const torch::Tensor loss = torch::mse_loss(net->forward(x), y);
  loss.backward();
  opt.step();
  std::printf("%.4f\n", loss.item<double>());
}

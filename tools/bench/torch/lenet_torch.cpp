// `gradus train --data mnist --net lenet --opt adam:lr=2e-3 --schedule cosine --batch 64 --epochs N` on libtorch: all
// images are in one tensor, which is its fastest way, and the test images are classified after each epoch.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace {

torch::nn::Sequential lenet() {
  return torch::nn::Sequential(torch::nn::Conv2d(1, 6, 5), torch::nn::ReLU(), torch::nn::MaxPool2d(2),
                               torch::nn::Conv2d(6, 16, 5), torch::nn::ReLU(), torch::nn::MaxPool2d(2),
                               torch::nn::Flatten(), torch::nn::Linear(256, 120), torch::nn::ReLU(),
                               torch::nn::Linear(120, 84), torch::nn::ReLU(), torch::nn::Linear(84, 10));
}

double share_right(torch::nn::Sequential& net, const torch::Tensor& x, const torch::Tensor& y) {
  const torch::NoGradGuard pause;
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < x.size(0); i += 256) {
    const std::int64_t end = std::min(i + 256, x.size(0));
    right += net->forward(x.slice(0, i, end)).argmax(1).eq(y.slice(0, i, end)).sum().item<std::int64_t>();
  }
  return static_cast<double>(right) / static_cast<double>(x.size(0));
}

}  // namespace

int main(int count, char** argument) {
  if (count != 4) {
    std::fprintf(stderr, "usage: bench_lenet_torch DIRECTORY THREADS EPOCHS\n");
    return 2;
  }
  torch::set_num_threads(std::atoi(argument[2]));
  torch::manual_seed(1);
  const int epochs = std::atoi(argument[3]);
  const torch::data::datasets::MNIST train(argument[1]);
  const torch::data::datasets::MNIST test(argument[1], torch::data::datasets::MNIST::Mode::kTest);
  const torch::Tensor x = train.images(), y = train.targets();
  torch::nn::Sequential net = lenet();
  torch::optim::Adam opt(net->parameters(), torch::optim::AdamOptions(2e-3));
  const std::int64_t steps = epochs * ((x.size(0) + 63) / 64);
  std::int64_t step = 0;
  double right = 0;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const torch::Tensor order = torch::randperm(x.size(0));
    for (std::int64_t i = 0; i < x.size(0); i += 64, ++step) {
      const double part = static_cast<double>(step) / static_cast<double>(steps);
      static_cast<torch::optim::AdamOptions&>(opt.param_groups()[0].options()).lr(1e-3 * (1 + std::cos(M_PI * part)));
      const torch::Tensor at = order.slice(0, i, std::min(i + 64, x.size(0)));
      opt.zero_grad();
      torch::cross_entropy_loss(net->forward(x.index_select(0, at)), y.index_select(0, at)).backward();
      opt.step();
    }
    right = share_right(net, test.images(), test.targets());
  }
  std::printf("%.4f\n", right);
}

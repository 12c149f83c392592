// ../mnist.cpp on libtorch: by its data loader, or, "preloaded", with all images in one tensor, which is faster.
#include <torch/torch.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

struct Training {
  torch::nn::Sequential net{torch::nn::Linear(784, 128), torch::nn::ReLU(), torch::nn::Linear(128, 10)};
  torch::optim::Adam opt{net->parameters(), torch::optim::AdamOptions(1e-3)};
  double sum = 0;
  long steps = 0;

  void step(const torch::Tensor& x, const torch::Tensor& y) {
    opt.zero_grad();
    const torch::Tensor loss = torch::cross_entropy_loss(net->forward(x), y);
    loss.backward();
    opt.step();
    sum += loss.item<double>();
    ++steps;
  }
};

}  // namespace

int main(int count, char** argument) {
  if (count < 3) {
    std::fprintf(stderr, "usage: bench_mnist_torch DIRECTORY THREADS [preloaded]\n");
    return 2;
  }
  torch::set_num_threads(std::atoi(argument[2]));
  torch::manual_seed(1);
  Training training;
  torch::data::datasets::MNIST set(argument[1]);
  if (count > 3 && std::string(argument[3]) == "preloaded") {
    const torch::Tensor x = set.images().view({-1, 784}), y = set.targets();
    const torch::Tensor order = torch::randperm(x.size(0));
    for (std::int64_t i = 0; i < x.size(0); i += 64) {
      const torch::Tensor at = order.slice(0, i, std::min(i + 64, x.size(0)));
      training.step(x.index_select(0, at), y.index_select(0, at));
    }
  } else {
    auto loader = torch::data::make_data_loader<torch::data::samplers::RandomSampler>(
        std::move(set).map(torch::data::transforms::Stack<>()), 64);
    for (auto& batch : *loader) training.step(batch.data.view({-1, 784}), batch.target);
  }
  std::printf("%.4f\n", training.sum / static_cast<double>(training.steps));
}

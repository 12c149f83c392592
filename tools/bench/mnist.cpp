// W2 on MNIST, from reading the files to the end of one epoch, for tools/bench/process.
//
//   bench_mnist DIRECTORY [THREADS]      prints the mean loss of the epoch
#include <gradus/gradus.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

using namespace gradus;

int main(int count, char** argument) {
  if (count < 2) {
    std::fprintf(stderr, "usage: bench_mnist DIRECTORY [THREADS]\n");
    return 2;
  }
  try {
    set_num_threads(count > 2 ? std::max(1, std::atoi(argument[2])) : 1);
    manual_seed(1);
    const data::Dataset train = data::mnist(argument[1]).train;
    nn::Sequential net{nn::Flatten(), nn::Linear(784, 128), nn::ReLU(), nn::Linear(128, 10)};
    optim::Adam opt(net, {.lr = 1e-3});
    double sum = 0;
    std::int64_t steps = 0;
    for (auto [x, y] : data::batches(train, {.size = 64, .shuffle = true})) {
      Tape tape;
      const Tensor loss = cross_entropy(net(x), y);
      tape.backward(loss);
      opt.step();
      opt.zero_grad();
      sum += loss.item();
      ++steps;
    }
    std::printf("%.4f\n", sum / static_cast<double>(steps));
  } catch (const Error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}

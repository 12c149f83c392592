// A steady training loop asks the system for nothing: every call of malloc is counted.
#include <gradus/gradus.hpp>

#include <cstdlib>

#include "count_malloc.hpp"
#include "support.hpp"

#ifdef MALLOC_IS_COUNTED

using namespace gradus;

namespace {

// Calls of malloc in ten steps, once it is warm: three steps, and more where a second thread makes its workspace late,
// at its first piece of a product.
template <class Step>
long calls_in_ten(const Step& step) {
  for (int i = 0; i < 3; ++i) step();
  long found = 0;
  for (int round = 0; round < 10; ++round) {
    const long before = calls;
    for (int i = 0; i < 10; ++i) step();
    found = calls - before;
    if (found == 0) break;
  }
  return found;
}

template <class Optimizer>
void trains_without_malloc(nn::Sequential& net, Optimizer& opt, const Tensor& x, const Tensor& y) {
  CHECK(calls_in_ten([&] {
          Tape tape;
          tape.backward(cross_entropy(net(x), y));
          opt.step();
          opt.zero_grad();
        }) == 0);
}

}  // namespace

TEST_CASE("the counter counts") {
  const long before = calls;
  void* volatile room = std::malloc(100);  // volatile: clang leaves out an allocation that nobody uses
  CHECK(calls == before + 1);
  std::free(room);
}

TEST_CASE("an MLP of MNIST's size trains without a call of malloc") {
  manual_seed(1);
  nn::Sequential net{nn::Linear(784, 128), nn::ReLU(), nn::Linear(128, 10)};
  optim::Adam opt(net);
  trains_without_malloc(net, opt, randn({64, 784}), randint(0, 10, {64}));
}

TEST_CASE("so does a small convolutional net with dropout and batch norm") {
  nn::Sequential net{nn::Conv2d(1, 4, 3), nn::BatchNorm2d(4), nn::ReLU(),        nn::MaxPool2d(2),
                     nn::Flatten(),       nn::Dropout(0.2),   nn::Linear(36, 10)};
  optim::SGD opt(net, {.lr = 0.01, .momentum = 0.9});
  trains_without_malloc(net, opt, randn({8, 1, 8, 8}), randint(0, 10, {8}));
}

TEST_CASE("and batches of shuffled data") {
  const data::Dataset set{randn({256, 16}), randint(0, 4, {256})};
  nn::Sequential net{nn::Linear(16, 4)};
  optim::SGD opt(net, {.lr = 0.01});
  long in_steps = 0;
  int step = 0;
  for (int epoch = 0; epoch < 2; ++epoch) {
    long last = -1;
    for (auto [x, y] : data::batches(set, {.size = 32, .shuffle = true})) {
      if (epoch > 0 && last >= 0) in_steps += calls - last, ++step;
      Tape tape;
      tape.backward(cross_entropy(net(x), y));
      opt.step();
      opt.zero_grad();
      last = calls;
    }
  }
  CHECK(step == 7);
  CHECK(in_steps == 0);
}

#else
TEST_CASE("allocations are counted in builds without sanitizers only") { CHECK(true); }
#endif

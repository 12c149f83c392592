// What tests/guard/run measures. Not a test by itself: the run compares it with tests/guard/baseline.
//
//   gradus_guard build            what it was built by
//   gradus_guard allocations      NAME COUNT: calls of malloc, and blocks the pool asked of the system, in ten steps
//   gradus_guard instructions     to be run by callgrind, with a dump before each call of guard_mark
#include <gradus/gradus.hpp>

#include <cstdio>
#include <string_view>

#include "count_malloc.hpp"
#include "tensor/pool.hpp"

// The end of a stretch; callgrind writes down what it has counted.
extern "C" [[gnu::noinline]] void guard_mark() { asm volatile(""); }

using namespace gradus;

namespace {

// ---- allocations ----

template <class Net, class Optimizer, class Loss>
void allocations(const char* name, const Net& net, Optimizer&& opt, const Loss& loss) {
  const auto step = [&] {
    Tape tape;
    tape.backward(loss(net));
    opt.step();
    opt.zero_grad();
  };
  for (int i = 0; i < 4; ++i) step();
  const long before = calls;
  const std::size_t pool = memory_stats().system_calls;
  for (int i = 0; i < 10; ++i) step();
  const long asked = calls - before;
  const std::size_t missed = memory_stats().system_calls - pool;
  std::printf("malloc.%s %ld\npool.%s %zu\n", name, asked, name, missed);
}

void count_allocations() {
  const Tensor y = randint(0, 10, {16});
  const auto classes = [&y](const Tensor& x) { return [x, &y](const auto& net) { return cross_entropy(net(x), y); }; };
  nn::Sequential mlp{nn::Linear(784, 128), nn::ReLU(), nn::Linear(128, 10)};
  allocations("mlp", mlp, optim::Adam(mlp), classes(randn({16, 784})));
  nn::Sequential lenet{nn::Conv2d(1, 6, 5), nn::ReLU(),         nn::MaxPool2d(2), nn::Conv2d(6, 16, 5),
                       nn::ReLU(),          nn::MaxPool2d(2),   nn::Flatten(),    nn::Linear(256, 120),
                       nn::ReLU(),          nn::Linear(120, 10)};
  allocations("lenet", lenet, optim::SGD(lenet, {.lr = 0.01, .momentum = 0.9}), classes(randn({16, 1, 28, 28})));
  nn::TransformerEncoderLayer layer(32, 4, {.dim_feedforward = 64, .dropout = 0});
  const Tensor sequence = randn({4, 16, 32});
  allocations("transformer", layer, optim::AdamW(layer), [&](const auto& net) { return mean(square(net(sequence))); });
  nn::LSTM lstm(32, 32);
  allocations("lstm", lstm, optim::Adam(lstm), [&](const auto& net) { return mean(square(net(sequence).y)); });
}

// ---- instructions ----

constexpr int steps = 100, length = 1000;

void count_instructions() {
  {
    nn::Sequential net{nn::Linear(2, 8), nn::Tanh(), nn::Linear(8, 1)};  // W1 of tools/bench
    optim::SGD opt(net, {.lr = 0.01});
    const Tensor x = randn({4, 2}), y = randn({4, 1});
    const auto train = [&](int count) {
      for (int i = 0; i < count; ++i) {
        Tape tape;
        tape.backward(mse_loss(net(x), y));
        opt.step();
        opt.zero_grad();
      }
    };
    train(10);
    guard_mark();
    train(steps);
    guard_mark();
  }
  const Tensor a = scalar(1).requires_grad_(), b = scalar(1);
  for (int repetition = 0; repetition < 2; ++repetition) {  // the second finds all memory ready
    Tape tape;
    Tensor x = a * b;
    guard_mark();
    for (int i = 0; i < length; ++i) x = x * b;
    guard_mark();
    tape.backward(x);
    guard_mark();
  }
  std::printf("steps %d\nlength %d\n", steps, length);
}

}  // namespace

int main(int count, char** argument) {
  const std::string_view what = count == 2 ? argument[1] : "";
  set_num_threads(1);
  manual_seed(1);
  if (what == "build")
    std::puts(GRADUS_GUARD_BUILD);
  else if (what == "allocations")
    count_allocations();
  else if (what == "instructions")
    count_instructions();
  else
    return 2;
}

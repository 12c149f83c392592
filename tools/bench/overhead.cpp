// What recording costs: one-element operations, and the whole training step of a tiny network. One thread; the least of
// many repetitions, so that a busy neighbour does not count.
#include <gradus/gradus.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>

using namespace gradus;

namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) { return std::chrono::duration<double, std::nano>(Clock::now() - start).count(); }

// A chain x <- x * b: a product of one element per node. both: the other factor is on the tape, too.
void chain(const char* what, bool both) {
  constexpr int length = 2000;
  const Tensor a = scalar(1).requires_grad_();
  Tensor b = scalar(1);
  b.requires_grad_(both);
  double forward = 1e18, backward = 1e18;
  for (int repetition = 0; repetition < 200; ++repetition) {
    Tape tape;
    Tensor x = a * b;
    const auto start = Clock::now();
    for (int i = 0; i < length; ++i) x = x * b;
    forward = std::min(forward, since(start) / length);
    const auto back = Clock::now();
    tape.backward(x);
    backward = std::min(backward, since(back) / length);
  }
  std::printf("mul, one element, %-22s recorded %5.1f ns   walked back %5.1f ns\n", what, forward, backward);
}

// An MLP 2-8-1 on a batch of 4: forward, loss, backward, SGD step, zero_grad.
void step() {
  manual_seed(1);
  const Tensor x = randn({4, 2}), y = randn({4, 1});
  nn::Sequential net{nn::Linear(2, 8), nn::Tanh(), nn::Linear(8, 1)};
  optim::SGD opt(net, {.lr = 0.01});
  double best = 1e18;
  for (int repetition = 0; repetition < 400; ++repetition) {
    constexpr int steps = 50;
    const auto start = Clock::now();
    for (int i = 0; i < steps; ++i) {
      Tape tape;
      tape.backward(mse_loss(net(x), y));
      opt.step();
      opt.zero_grad();
    }
    best = std::min(best, since(start) / steps);
  }
  std::printf("MLP 2-8-1, batch 4, whole SGD step         %5.2f µs\n", best / 1000);
}

}  // namespace

int main() {
  chain("one factor tracked", false);
  chain("both factors tracked", true);
  step();
}

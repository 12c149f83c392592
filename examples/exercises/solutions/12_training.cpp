// Exercise 12: a training loop, solved. Lesson 0c.
// Train: 2,000 times clear the gradients, make a tape, compute loss(), walk back, and take a step.
#include <gradus/gradus.hpp>

#include "../exercise.hpp"

using namespace gradus;

namespace {

template <class Loss>
void learn(optim::SGD& opt, const Loss& loss) {
  // HOLE
  for (int i = 0; i < 2000; ++i) {
    opt.zero_grad();
    Tape tape;
    tape.backward(loss());
    opt.step();
  }
  // END
}

}  // namespace

int main() {
  Exercise exercise("12_training", "a training loop",
                    "opt.zero_grad(); Tape tape; tape.backward(loss()); opt.step(); in a loop, with the tape inside");
  return exercise.run([&] {
    manual_seed(4);
    nn::Linear hidden(2, 8, {.dtype = f64}), last(8, 1, {.dtype = f64});
    const Tensor x = tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}}, f64), y = tensor({{0}, {1}, {1}, {0}}, f64);
    const auto loss = [&] { return mse_loss(last(tanh(hidden(x))), y); };
    std::vector<Tensor> weights = {hidden.weight, hidden.bias, last.weight, last.bias};
    optim::SGD opt(weights, {.lr = 0.1, .momentum = 0.9});
    learn(opt, loss);
    exercise.expect("the loss on XOR after training", 0, loss().item(), 0.01);
  });
}

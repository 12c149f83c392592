// A data set of your own in ten lines, augmented on a second thread, and cross-validation of a small one.
#include <gradus/gradus.hpp>

#include <cstdio>

using namespace gradus;

// Digits as images, made when they are asked for. A class that reads files looks the same.
struct Images {
  data::Dataset digits = data::digits().train;

  std::int64_t size() const { return digits.size(); }
  data::Example operator[](std::int64_t i) const {
    return {select(digits.x, 0, i).reshape({1, 8, 8}), select(digits.y, 0, i)};
  }
};

int main() {
  manual_seed(1);
  const data::Dataset test = data::digits().test;
  nn::Sequential net{nn::Conv2d(1, 16, 3, {.padding = 1}),
                     nn::ReLU(),
                     nn::MaxPool2d(2),
                     nn::Conv2d(16, 32, 3),
                     nn::Flatten(),
                     nn::Linear(128, 10)};
  optim::Adam opt(net, {.lr = 3e-3});
  const auto batches = data::batches(
      Images(),
      {.size = 32, .shuffle = true, .seed = 1, .transform = data::Augment({.shift = 0.13, .rotate = 8, .seed = 1})});
  for (int epoch = 0; epoch < 5; ++epoch) {
    for (auto [x, y] : data::prefetch(batches)) {
      Tape tape;
      tape.backward(cross_entropy(net(x), y));
      opt.step();
      opt.zero_grad();
    }
  }
  std::printf("above 90 %%: %s\n", accuracy(net, test.x.reshape({-1, 1, 8, 8}), test.y) > 0.9 ? "yes" : "no");

  int good = 0;
  for (const auto& [train, fold] : data::k_fold(test, {.folds = 4, .stratified = true, .seed = 1})) {
    nn::Linear line(64, 10);
    optim::Adam adam(line, {.lr = 2e-2});
    for (int step = 0; step < 60; ++step) {
      Tape tape;
      tape.backward(cross_entropy(line(train.x), train.y, {.weight = data::class_weights(train.y)}));
      adam.step();
      adam.zero_grad();
    }
    good += accuracy(line, fold) > 0.8;
  }
  std::printf("folds above 80 %%: %d of 4\n", good);
}

// Prints:
//   above 90 %: yes
//   folds above 80 %: 4 of 4

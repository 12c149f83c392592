// Three spiral arms, and a picture of what the network made of them.
#include <gradus/gradus.hpp>

#include <cmath>
#include <cstdio>

using namespace gradus;

// n points on each of three arms: x (3n, 2), y (3n).
data::Dataset spirals(int n) {
  const Tensor noise = 0.15 * randn({3 * n});
  Tensor x = zeros({3 * n, 2});
  Tensor y = zeros({3 * n}, i64);
  for (int i = 0; i < 3 * n; ++i) {
    const int arm = i / n;
    const double r = static_cast<double>(i % n) / n, angle = 4 * r + 2.0944 * arm + noise.at({i});
    x.set({i, 0}, r * std::sin(angle));
    x.set({i, 1}, r * std::cos(angle));
    y.set({i}, arm);
  }
  return {x, y};
}

int main() {
  manual_seed(3);
  const data::Dataset train = spirals(200);
  nn::Sequential net{nn::Linear(2, 64), nn::ReLU(), nn::Linear(64, 64), nn::ReLU(), nn::Linear(64, 3)};
  optim::AdamW opt(net, {.lr = 3e-3});
  for (int epoch = 0; epoch < 40; ++epoch)
    for (auto [x, y] : data::batches(train, {.size = 32, .shuffle = true})) {
      Tape tape;
      Tensor loss = cross_entropy(net(x), y);
      tape.backward(loss);
      opt.step();
      opt.zero_grad();
    }

  const double right = accuracy(net, train);
  std::printf("accuracy above 97 %%: %s\n", right > 0.97 ? "yes" : "no");
  for (int row = 0; row < 13; ++row) {  // the plane, each cell by its most likely arm
    for (int col = 0; col < 40; ++col) {
      const Tensor at = tensor({{col / 20.0 - 0.975, 1 - row / 6.0}});
      std::putchar(".o#"[static_cast<int>(argmax(net(at)).item())]);
    }
    std::putchar('\n');
  }
}

// Prints:
//   accuracy above 97 %: yes
//   ooooo*#####
//   ooooo*#####
//   ooooo*#####
//   oooo*#####
//   oooo*.*####
//   oooo*.*####
//   oooo*.*####
//   oooo*.*###
//   ooo*.*##
//   *
//   .......*
//   .......*
//   .......*

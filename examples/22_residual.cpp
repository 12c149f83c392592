// A residual network for digits: blocks that add to what they read, batch normalisation, a warm-up, and a hook that
// watches how large the values become on their way.
#include <gradus/gradus.hpp>

#include <cstdio>
#include <optional>

using namespace gradus;

// x + two convolutions of x; where the size changes, x goes through a convolution of one pixel.
struct Block : nn::Module<Block> {
  nn::Conv2d conv1, conv2;
  nn::BatchNorm2d norm1, norm2;
  std::optional<nn::Conv2d> shortcut;

  Block(std::int64_t in, std::int64_t out, std::int64_t stride)
      : conv1(in, out, 3, {.stride = stride, .padding = 1, .bias = false}),
        conv2(out, out, 3, {.padding = 1, .bias = false}),
        norm1(out),
        norm2(out) {
    if (in != out) shortcut.emplace(in, out, 1, nn::Conv2dOptions{.stride = stride});
    nn::init::zeros_(norm2.weight);  // a new block adds nothing
  }
  Tensor forward(Arg x) const {
    const Tensor h = norm2(conv2(relu(norm1(conv1(x)))));
    return relu(h + (shortcut ? (*shortcut)(x) : x.tensor()));
  }
  void fields(auto& v) {
    v("conv1", conv1);
    v("norm1", norm1);
    v("conv2", conv2);
    v("norm2", norm2);
    v("shortcut", shortcut);
  }
};

int main() {
  manual_seed(1);
  const auto [train, test] = data::digits();
  nn::Sequential net{[](Tensor x) {
                       return x.reshape({-1, 1, 8, 8});
                     },
                     nn::Conv2d(1, 16, 3, {.padding = 1}),
                     Block(16, 16, 1),
                     Block(16, 32, 2),
                     nn::AdaptiveAvgPool2d(1),
                     nn::Flatten(),
                     nn::Linear(32, 10)};
  std::printf("%lld parameters\n", static_cast<long long>(net.parameter_count()));

  optim::AdamW opt(net, {.lr = 1e-3, .weight_decay = 1e-2});
  opt.add_group(optim::contains("norm")).weight_decay = 0;
  const auto batches = data::batches(train, {.size = 64, .shuffle = true, .seed = 1});
  const int epochs = 6, steps = static_cast<int>(batches.size());
  optim::Scheduler schedule(opt, optim::OneCycleLR{.max_lr = 1e-2, .total_steps = epochs * steps});
  for (int epoch = 0; epoch < epochs; ++epoch) {
    for (auto [x, y] : batches) {
      Tape tape;
      tape.backward(cross_entropy(net(x), y));
      opt.step();
      opt.zero_grad();
      schedule.step();
    }
  }
  std::printf("above 97 %%: %s\n", accuracy(net, test) > 0.97 ? "yes" : "no");

  double before = 0, after = 0;
  net[1].on_forward([&](const Tensor& y) { before = y.std().item(); });
  net[3].on_forward([&](const Tensor& y) { after = y.std().item(); });
  {
    const nn::Evaluating evaluating;
    net(test.x);
  }
  std::printf("values grow on their way: %s\n", after > before ? "yes" : "no");
}

// Prints:
// 19658 parameters
// above 97 %: yes
// values grow on their way: yes

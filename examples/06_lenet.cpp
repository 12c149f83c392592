// LeNet-5 (LeCun et al., 1998) on the embedded digits, or on MNIST once ./tools/get-data mnist has fetched it.
#include <gradus/gradus.hpp>

#include <cstdio>

using namespace gradus;

struct LeNet : nn::Module<LeNet> {
  nn::Conv2d conv1, conv2;
  nn::Linear fc1, fc2{120, 84}, fc3{84, 10};

  // 28x28 images shrink to 4x4; 8x8 ones keep more with padding and one pooling less.
  explicit LeNet(bool large)
      : conv1(1, 6, 5, {.padding = large ? 0 : 2}), conv2(6, 16, 5, {.padding = large ? 0 : 2}), fc1(16 * 4 * 4, 120) {}

  Tensor forward(Tensor x) const {                    // (N, 1, H, W)
    x = relu(conv1(x));                               // (N, 6, 24, 24) or (N, 6, 8, 8)
    if (x.size(-1) == 24) x = max_pool2d(x, {2, 2});  // (N, 6, 12, 12)
    x = max_pool2d(relu(conv2(x)), {2, 2});           // (N, 16, 4, 4)
    return fc3(relu(fc2(relu(fc1(flatten(x, 1))))));  // (N, 10)
  }
  void fields(auto& v) { v("conv1", conv1), v("conv2", conv2), v("fc1", fc1), v("fc2", fc2), v("fc3", fc3); }
};

int main(int argc, char** argv) {
  manual_seed(1);
  const bool large = argc > 1;  // ./06_lenet DIR: the folder of MNIST
  auto [train, test] = large ? data::mnist(argv[1]) : data::digits();
  if (!large) train.x = train.x.reshape({-1, 1, 8, 8}), test.x = test.x.reshape({-1, 1, 8, 8});

  LeNet net(large);
  optim::Adam opt(net, {.lr = 4e-3});
  for (int epoch = 0; epoch < (large ? 1 : 22); ++epoch)
    for (auto [x, y] : data::batches(train, {.size = 32, .shuffle = true})) {
      Tape tape;
      Tensor loss = cross_entropy(net(x), y);
      tape.backward(loss);
      opt.step();
      opt.zero_grad();
    }
  std::printf("%s", nn::summary(net, Shape{1, 1, train.x.size(2), train.x.size(3)}).c_str());
  std::printf("accuracy above 95 %%: %s\n", accuracy(net, test) > 0.95 ? "yes" : "no");
}

// Prints:
//   layer     type     details                   output          parameters
//   *
//   LeNet                                        (1, 10)
//     conv1   Conv2d   1 -> 6, 5x5, padding 2    (1, 6, 8, 8)           156
//     conv2   Conv2d   6 -> 16, 5x5, padding 2   (1, 16, 8, 8)        2,416
//     fc1     Linear   256 -> 120                (1, 120)            30,840
//     fc2     Linear   120 -> 84                 (1, 84)             10,164
//     fc3     Linear   84 -> 10                  (1, 10)                850
//   *
//   44,426 parameters (177.7 kB), all trainable
//   accuracy above 95 %: yes

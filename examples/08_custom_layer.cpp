// A layer of your own: a residual block with a learned scale, used like any other.
#include <gradus/gradus.hpp>

#include <cstdio>

using namespace gradus;

struct Residual : nn::Module<Residual> {
  nn::Linear fc1, fc2;
  Parameter scale = zeros({1});  // starts as the identity (Bachlechner et al., "ReZero", 2020)

  explicit Residual(int width) : fc1(width, width), fc2(width, width) {}
  Tensor forward(const Tensor& x) const { return x + scale * fc2(relu(fc1(x))); }
  void fields(auto& v) { v("fc1", fc1), v("fc2", fc2), v("scale", scale); }
};

int main() {
  manual_seed(1);
  nn::Sequential net{nn::Linear(64, 32), Residual(32), Residual(32), nn::Linear(32, 10)};
  for (const auto& [name, value] : net.named_parameters())
    std::printf("%-14s %s\n", name.c_str(), to_string(value.shape()).c_str());

  nn::Sequential before = net;  // modules are values: this is a copy of the weights
  auto [train, test] = data::digits();
  optim::Adam opt(net, {.lr = 3e-3});
  for (auto [x, y] : data::batches(train, {.size = 32, .shuffle = true})) {
    Tape tape;
    Tensor loss = cross_entropy(net(x), y);
    tape.backward(loss);
    opt.step();
    opt.zero_grad();
  }
  std::printf("one epoch made it better: %s\n", accuracy(net, test) > accuracy(before, test) + 0.5 ? "yes" : "no");
}

// Prints:
//   0.weight       (32, 64)
//   0.bias         (32,)
//   1.fc1.weight   (32, 32)
//   1.fc1.bias     (32,)
//   1.fc2.weight   (32, 32)
//   1.fc2.bias     (32,)
//   1.scale        (1,)
//   2.fc1.weight   (32, 32)
//   2.fc1.bias     (32,)
//   2.fc2.weight   (32, 32)
//   2.fc2.bias     (32,)
//   2.scale        (1,)
//   3.weight       (10, 32)
//   3.bias         (10,)
//   one epoch made it better: yes

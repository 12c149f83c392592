// Handwritten digits, embedded in the library: a classifier in fifteen lines.
#include <gradus/gradus.hpp>

#include <cstdio>

using namespace gradus;

int main() {
  manual_seed(1);
  auto [train, test] = data::digits();  // 1,797 images of 8x8; a fifth is held out
  nn::Sequential net{nn::Linear(64, 128), nn::ReLU(), nn::Linear(128, 10)};
  optim::AdamW opt(net, {.lr = 1e-3});
  for (int epoch = 0; epoch < 20; ++epoch)
    for (auto [x, y] : data::batches(train, {.size = 32, .shuffle = true})) {
      Tape tape;
      Tensor loss = cross_entropy(net(x), y);
      tape.backward(loss);
      opt.step();
      opt.zero_grad();
    }
  std::printf("%lld parameters\n", static_cast<long long>(net.parameter_count()));
  std::printf("accuracy above 96 %%: %s\n", accuracy(net, test) > 0.96 ? "yes" : "no");

  io::save("digits.safetensors", net.state_dict());  // and back
  nn::Sequential again{nn::Linear(64, 128), nn::ReLU(), nn::Linear(128, 10)};
  again.load_state_dict(io::load("digits.safetensors"));
  std::printf("the loaded net agrees: %s\n", equal(again(test.x), net(test.x)) ? "yes" : "no");
}

// Prints:
//   9610 parameters
//   accuracy above 96 %: yes
//   the loaded net agrees: yes

// The same bits: for one seed and number of threads always, and, on request, for every number of threads.
#include <gradus/gradus.hpp>

#include "support.hpp"

using namespace gradus;

namespace {

// Everything large enough to be cut into pieces: products, convolutions, normalisation, elementwise work.
std::vector<float> trained(int threads) {
  set_num_threads(threads);
  manual_seed(3);
  nn::Sequential net{nn::Conv2d(1, 8, 3, {.padding = 1}),
                     nn::ReLU(),
                     nn::BatchNorm2d(8),
                     nn::MaxPool2d(2),
                     nn::Flatten(),
                     nn::Linear(8 * 14 * 14, 300),
                     nn::LayerNorm(300),
                     nn::GELU(),
                     nn::Dropout(0.1),
                     nn::Linear(300, 10)};
  optim::AdamW opt(net, {.lr = 1e-2});
  const Tensor x = randn({96, 1, 28, 28}), y = randint(0, 10, {96});
  for (int i = 0; i < 3; ++i) {
    Tape tape;
    tape.backward(cross_entropy(net(x), y));
    opt.step();
    opt.zero_grad();
  }
  std::vector<float> all;
  for (const Tensor& p : net.parameters()) {
    const auto numbers = p.to_vector<float>();
    all.insert(all.end(), numbers.begin(), numbers.end());
  }
  return all;
}

struct Restored {
  int threads = num_threads();
  ~Restored() {
    set_deterministic(false);
    set_num_threads(threads);
  }
};

}  // namespace

TEST_CASE("one seed and one number of threads give the same bits") {
  const Restored restored;
  for (int threads : {1, 2, 3}) CHECK(trained(threads) == trained(threads));
}

TEST_CASE("deterministic: so do different numbers of threads") {
  const Restored restored;
  set_deterministic(true);
  CHECK(deterministic());
  const auto one = trained(1);
  for (int threads : {2, 3, 4}) CHECK(trained(threads) == one);
}

// CBLAS rounds some sizes differently where they are cut differently.
TEST_CASE("deterministic products") {
  const Restored restored;
  set_deterministic(true);
  manual_seed(9);
  for (int i = 0; i < 60; ++i) {
    const std::int64_t m = 32 + i * 53 % 300, n = 32 + i * 37 % 300, k = 64 + i * 101 % 1000;
    const bool ta = i & 1, tb = i & 2;
    const Tensor a = randn(ta ? Shape{k, m} : Shape{m, k}), b = randn(tb ? Shape{n, k} : Shape{k, n});
    set_num_threads(1);
    const Tensor one = matmul(a, b, {ta, tb});
    for (int threads : {2, 3, 4}) {
      set_num_threads(threads);
      INFO(m, " ", n, " ", k);
      CHECK(equal(matmul(a, b, {ta, tb}), one));
    }
  }
}

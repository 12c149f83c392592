// After set_deterministic(true) a sample's bits do not depend on its neighbours: forward, and in its own gradient.
#include <functional>
#include <random>
#include <string>

#include <gradus/gradus.hpp>

#include "support.hpp"

using namespace gradus;

namespace {

struct Deterministic {
  Deterministic() { set_deterministic(true); }
  ~Deterministic() {
    set_deterministic(before_);
    set_num_threads(threads_);
  }

 private:
  bool before_ = deterministic();
  int threads_ = num_threads();
};

using Layer = std::function<Tensor(const Tensor&)>;

struct Both {
  std::vector<float> y, dx;
};
Both run(const Layer& layer, const Tensor& batch, const Tensor& cotangent) {
  Tensor x = batch.clone().requires_grad_();
  Tape tape;
  const Tensor y = layer(x);
  const std::vector<Tensor> g = tape.gradient(y, {x}, {.cotangent = cotangent});
  return {y.detach().to_vector<float>(), g[0].detach().to_vector<float>()};
}

// Are the rows [from, from + count) of the batch the same bits alone?
bool same_alone(const Layer& layer, const Tensor& x, const Tensor& cotangent, const Both& all, std::int64_t from,
                std::int64_t count) {
  const Range rows{from, from + count};
  const Both part = run(layer, slice(x, 0, rows).clone(), slice(cotangent, 0, rows).clone());
  const auto matches = [&](const std::vector<float>& a, const std::vector<float>& whole) {
    const auto at = static_cast<std::ptrdiff_t>(whole.size()) / x.size(0) * from;
    return std::equal(a.begin(), a.end(), whole.begin() + at);
  };
  return matches(part.y, all.y) && matches(part.dx, all.dx);
}

}  // namespace

TEST_CASE("deterministic: a sample's bits are the same in any batch, through every layer") {
  const Deterministic on;
  manual_seed(7);
  struct Case {
    const char* name;
    Shape sample;
    Layer layer;
  };
  nn::BatchNorm2d norm(3);
  norm.eval();
  nn::Sequential mlp{nn::Linear(33, 70), nn::GELU(), nn::LayerNorm(70), nn::Linear(70, 10)};
  nn::Sequential lenet{nn::Conv2d(1, 6, 5), nn::ReLU(),    nn::MaxPool2d(2),   nn::Conv2d(6, 16, 5, {.padding = 2}),
                       nn::Tanh(),          nn::Flatten(), nn::Linear(576, 10)};
  const Case cases[] = {
      {"Linear(784, 10)", {784}, nn::Linear(784, 10)},
      {"Linear(5, 1)", {5}, nn::Linear(5, 1)},
      {"Linear(1500, 3)", {1500}, nn::Linear(1500, 3)},
      {"mlp", {33}, mlp},
      {"lenet", {1, 16, 16}, lenet},
      {"BatchNorm2d", {3, 5, 5}, norm},
      {"Transformer",
       {9, 32},
       nn::TransformerEncoderLayer(32, 4, {.dim_feedforward = 64, .dropout = 0, .batch_first = true})},
      {"LSTM", {6, 20}, [lstm = nn::LSTM(20, 24, {.batch_first = true})](const Tensor& x) { return lstm(x).y; }},
      {"log_softmax", {37}, [](const Tensor& x) { return log_softmax(x, -1); }},
      {"sigmoid, sin, erf", {3}, [](const Tensor& x) { return sigmoid(x) * sin(x) + erf(x); }},
  };
  std::mt19937 random(3);
  for (const Case& c : cases)
    for (const std::int64_t batch : {2, 19, 64, 257}) {
      Shape shape = {batch};
      for (const std::int64_t n : c.sample) shape.push_back(n);
      const Tensor x = randn(shape);
      const Tensor cotangent = randn(c.layer(x).shape());
      set_num_threads(1);
      const Both all = run(c.layer, x, cotangent);
      set_num_threads(3);
      const Both by_three = run(c.layer, x, cotangent);
      INFO(std::string(c.name) << ", batch " << batch);
      CHECK(by_three.y == all.y);
      CHECK(by_three.dx == all.dx);
      CHECK(same_alone(c.layer, x, cotangent, all, 0, 1));
      CHECK(same_alone(c.layer, x, cotangent, all, batch - 1, 1));
      const std::int64_t from = static_cast<std::int64_t>(random()) % batch;
      CHECK(same_alone(c.layer, x, cotangent, all, from, static_cast<std::int64_t>(random()) % (batch - from) + 1));
    }
}

TEST_CASE("deterministic: a batch of 4096 and a batch of one") {
  const Deterministic on;
  manual_seed(8);
  const Layer layer = nn::Sequential{nn::Linear(20, 30), nn::Tanh(), nn::Linear(30, 4)};
  const Tensor x = randn({4096, 20}), cotangent = randn({4096, 4});
  const Both all = run(layer, x, cotangent);
  for (const std::int64_t at : {0, 1, 13, 1000, 4095}) CHECK(same_alone(layer, x, cotangent, all, at, 1));
}

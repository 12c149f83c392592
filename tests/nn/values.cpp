// Modules as values under stress: moved from, shared by threads, listed twice, loaded in part, out of memory.
#include <cmath>
#include <thread>

#include <gradus/nn/nn.hpp>
#include <gradus/ops.hpp>
#include <gradus/optim/optim.hpp>

#include "support.hpp"

using namespace gradus;

namespace {

struct Twice : nn::Module<Twice> {
  nn::Linear a{2, 2};
  Tensor forward(const Tensor& x) const { return a(a(x)); }
  void fields(auto& v) {
    v("a", a);
    v("b", a);
  }
};

}  // namespace

TEST_CASE("a layer listed under two names is counted, trained and clipped once; its state has both names") {
  Twice net;
  CHECK(net.parameter_count() == 6);
  CHECK(net.named_parameters().size() == 2);
  CHECK(net.named_parameters()[0].name == "a.weight");
  CHECK(net.parameters().size() == 2);
  CHECK(support::contains(nn::summary(net), "6 parameters (24 bytes), all trainable"));
  CHECK(net.state_dict().size() == 4);
  Twice other;
  other.load_state_dict(net.state_dict());
  CHECK(equal(other.a.weight, net.a.weight));

  optim::SGD opt(net, {.lr = 1});
  const Tensor before = net.a.bias.clone();
  for (Tensor& p : net.parameters()) p.set_grad(ones(p.shape()));
  CHECK(optim::clip_grad_norm(net, 1) == doctest::Approx(std::sqrt(6.0)));
  CHECK(optim::clip_grad_norm({net.a.bias, net.a.bias}, 1) == doctest::Approx(std::sqrt(2.0 / 6)).epsilon(1e-5));
  net.a.bias.set_grad(ones({2}));
  opt.step();
  CHECK(allclose(net.a.bias, before - 1.0));
  net.to(f64);
  CHECK(net.a.weight.dtype() == f64);
}

TEST_CASE("a partial load says what it has left out; a load of nothing is an error") {
  nn::Sequential net{nn::Linear(2, 3), nn::Linear(3, 4)};
  const Tensor before = net.get<nn::Linear>(1).weight.clone();
  StateDict state{
      {"0.weight", full({3, 2}, 9)}, {"1.weight", zeros({5, 3})}, {"1.bias", full({4}, 9)}, {"2.x", ones({1})}};
  const nn::LoadResult left_out = net.load_state_dict(state, {.strict = false});
  CHECK(left_out.missing == std::vector<std::string>{"0.bias"});
  CHECK(left_out.unexpected == std::vector<std::string>{"2.x"});
  CHECK(left_out.mismatched == std::vector<std::string>{"1.weight"});
  CHECK(net.get<nn::Linear>(0).weight.at({0, 0}) == 9);
  CHECK(net.get<nn::Linear>(1).bias.at({0}) == 9);
  CHECK(equal(net.get<nn::Linear>(1).weight, before));

  const nn::LoadResult all = net.load_state_dict(net.state_dict());
  CHECK(all.missing.empty());
  CHECK(all.unexpected.empty());
  CHECK(all.mismatched.empty());

  CHECK_SAYS(net.load_state_dict({{"0.wight", ones({3, 2})}}, {.strict = false}),
             "nothing in the state fits this Sequential", "the first '0.wight'", "the first '0.weight' (3, 2)",
             "tests/nn/values.cpp:");
  CHECK_SAYS(net.load_state_dict({}, {.strict = false}), "nothing in the state fits", "an empty state");
  CHECK(nn::ReLU().load_state_dict({{"a", ones({1})}}, {.strict = false}).unexpected.size() == 1);
}

TEST_CASE("a module that has been moved from: calls and lists are errors, until it is assigned to") {
  nn::Sequential a{nn::Linear(2, 3)};
  const nn::Sequential b = std::move(a);
  const Tensor x = ones({1, 2});
  CHECK(b(x).shape() == Shape{1, 3});
  CHECK_SAYS(a(x), "Sequential: call of a module that has been moved from", "assign to this one first",
             "tests/nn/values.cpp:");
  CHECK_SAYS(a.parameters(), "Sequential: parameters of a module that has been moved from");
  CHECK_SAYS(a.load_state_dict(b.state_dict()), "moved from");
  CHECK_SAYS(a.to(f64), "to of a module that has been moved from");
  a = b;
  CHECK(equal(a(x), b(x)));

  const auto refused = [&](auto layer, const Tensor& in) {
    const auto kept = std::move(layer);
    CAPTURE(kept.type());
    CHECK_SAYS(layer(in), "moved from");
    CHECK_SAYS(layer.named_parameters(), "moved from");
    (void)layer.description();
    (void)kept(in);
  };
  refused(nn::Linear(2, 2), x);
  refused(nn::LayerNorm(2), x);
  refused(nn::RMSNorm(2), x);
  refused(nn::GroupNorm(1, 2), x);
  refused(nn::BatchNorm1d(2), ones({3, 2}));
  refused(nn::BatchNorm2d(2), ones({1, 2, 3, 3}));
  refused(nn::Conv1d(2, 2, 1), ones({1, 2, 3}));
  refused(nn::Conv2d(2, 2, 1), ones({1, 2, 3, 3}));
  refused(nn::ConvTranspose2d(2, 2, 1), ones({1, 2, 3, 3}));
  refused(nn::Embedding(3, 2), zeros({2}, i64));
  refused(nn::RNN(2, 2), ones({1, 1, 2}));
  refused(nn::LSTM(2, 2), ones({1, 1, 2}));
  refused(nn::GRU(2, 2), ones({1, 1, 2}));
  refused(nn::TransformerEncoderLayer(2, 1, {.dim_feedforward = 2}), ones({1, 1, 2}));
  nn::MultiheadAttention attention(2, 1);
  const nn::MultiheadAttention kept = std::move(attention);
  const Tensor q = ones({1, 1, 2});
  CHECK_SAYS(attention(q, q, q), "MultiheadAttention: call of a module that has been moved from");
}

TEST_CASE("threads may evaluate a shared network: it stays in training mode for the others") {
  nn::Sequential net{nn::Linear(8, 4), nn::Dropout(0.5)};
  const Tensor x = rand({64, 8}), y = randint(0, 4, {64});
  const double wanted = accuracy(net, x, y);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 30; ++j) wrong += accuracy(net, x, y) != wanted || !net.is_training();
    });
  for (std::thread& t : threads) t.join();
  CHECK(wrong == 0);
  CHECK(net.is_training());
  CHECK(net[1].is_training());
}

TEST_CASE("evaluation is the thread's: other threads train meanwhile") {
  const nn::Dropout drop(0.5);
  const nn::Evaluating evaluating(drop);
  CHECK_FALSE(drop.is_training());
  bool other = false;
  std::thread([&] { other = drop.is_training(); }).join();
  CHECK(other);
  {
    const nn::Evaluating again;
    CHECK_FALSE(drop.is_training());
  }
  CHECK_FALSE(drop.is_training());
  CHECK(equal(drop(ones({100})), ones({100})));
}

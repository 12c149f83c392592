// checkpoint(): the same bits for less memory. Gradients that are not kept, and those of each example.
#include <gradus/derivatives.hpp>
#include <gradus/nn/nn.hpp>
#include <gradus/op.hpp>
#include <gradus/ops.hpp>
#include <gradus/optim/optim.hpp>

#include <vector>

#include "support.hpp"
#include "tensor/pool.hpp"

using namespace gradus;

namespace {

nn::GPTOptions small(bool recompute, double dropout = 0.1) {
  return {.layers = 3, .heads = 2, .width = 16, .block = 8, .dropout = dropout, .bias = true, .recompute = recompute};
}

std::vector<Tensor> gradients(const nn::GPT& net, const Tensor& tokens) {
  manual_seed(7);
  Tape tape;
  const Tensor loss = cross_entropy(net(tokens).flatten(0, 1), tokens.flatten());
  std::vector<Tensor> all = tape.gradient(loss, net.parameters());
  all.push_back(loss.detach());
  all.push_back(scalar(static_cast<double>(default_generator().counter()), f64));
  return all;
}

// The most bytes in use at once: what the pool keeps for later when all is freed.
std::size_t peak(const nn::GPT& net, const Tensor& tokens) {
  for (const Tensor& p : net.parameters()) Tensor(p).zero_grad();
  empty_cache();
  const std::size_t before = memory_stats().cached;
  {
    Tape tape;
    const Tensor loss = cross_entropy(net(tokens).flatten(0, 1), tokens.flatten());
    tape.backward(loss);
  }
  for (const Tensor& p : net.parameters()) Tensor(p).zero_grad();
  return memory_stats().cached - before;
}

}  // namespace

TEST_CASE("a checkpointed GPT has the same loss, gradients and random numbers, to the bit") {
  manual_seed(1);
  const nn::GPT plain(11, small(false));
  nn::GPT again = plain;
  again.recompute = true;
  const Tensor tokens = randint(0, 11, {4, 8});
  const auto want = gradients(plain, tokens), got = gradients(again, tokens);
  REQUIRE(got.size() == want.size());
  for (std::size_t i = 0; i < want.size(); ++i) CHECK(equal(got[i], want[i]));
  // Dropout matters here: another seed gives other numbers.
  manual_seed(8);
  Tape tape;
  CHECK_FALSE(equal(cross_entropy(again(tokens).flatten(0, 1), tokens.flatten()).detach(), want[want.size() - 2]));
}

TEST_CASE("a checkpointed GPT needs less than half the memory") {
  manual_seed(1);
  const nn::GPTOptions o{.layers = 8, .heads = 2, .width = 64, .block = 64, .recompute = false};
  const nn::GPT plain(32, o);
  nn::GPT again = plain;
  again.recompute = true;
  const Tensor tokens = randint(0, 32, {8, 64});
  const std::size_t all = peak(plain, tokens), less = peak(again, tokens);
  INFO("bytes: ", all, " and ", less);
#if defined(__SANITIZE_ADDRESS__)
  CHECK(all == less);  // without a pool there are no figures
#else
  CHECK(less > 0);
  CHECK(2 * less < all);
#endif
}

TEST_CASE("checkpoint of a function with several arguments, inputs that need no gradient, and leaves") {
  manual_seed(2);
  const Tensor w = randn({3, 3}, f64).requires_grad_(), a = randn({2, 3}, f64).requires_grad_();
  const Tensor b = randn({2, 3}, f64), index = tensor({1, 0}, i64);
  const auto f = [&](const Tensor& x, const Tensor& y, const Tensor& i) {
    return tanh(matmul(index_select(x, 0, i), w)) * y;
  };
  const auto walk = [&](bool checkpointed) {
    Tape tape;
    const Tensor x = square(a);
    const Tensor y = checkpointed ? nn::checkpoint(f, x, b, index) : f(x, b, index);
    return tape.gradient(sum(square(y)), {a, w});
  };
  const auto want = walk(false), got = walk(true);
  CHECK(equal(got[0], want[0]));
  CHECK(equal(got[1], want[1]));
}

TEST_CASE("a checkpoint keeps one node, and frees what it computed") {
  const nn::Sequential net{nn::Linear(4, 4), nn::ReLU(), nn::Linear(4, 4), nn::ReLU()};
  Tape tape;
  const Tensor y = nn::checkpoint(net, ones({2, 4}));
  int operations = 0;
  for (int i = 0; i < tape.size(); ++i) operations += !tape[i].is_leaf();
  CHECK(operations == 1);
  CHECK(std::string(tape[tape.index_of(y)].name()) == "checkpoint");
  tape.backward(sum(y));
  for (const Tensor& p : net.parameters()) CHECK(p.grad().defined());
}

TEST_CASE("checkpoints within a checkpoint, and without a tape") {
  manual_seed(3);
  nn::Linear first(3, 3), second(3, 3);
  const Tensor x = randn({2, 3});
  const auto both = [&](const Tensor& h) { return tanh(nn::checkpoint(second, nn::checkpoint(first, h))); };
  CHECK(equal(nn::checkpoint(both, x), tanh(second(first(x)))));
  Tape tape;
  const auto got = tape.gradient(sum(nn::checkpoint(both, x)), {first.weight, second.bias});
  const auto want = tape.gradient(sum(tanh(second(first(x)))), {first.weight, second.bias});
  CHECK(equal(got[0], want[0]));
  CHECK(equal(got[1], want[1]));
  const NoRecord pause;
  CHECK(equal(nn::checkpoint(both, x), tanh(second(first(x)))));
}

TEST_CASE("batch normalisation in a checkpoint counts a batch once") {
  manual_seed(4);
  nn::BatchNorm1d norm(3);
  nn::BatchNorm1d same = norm;
  const Tensor x = randn({5, 3}).requires_grad_();
  {
    Tape tape;
    tape.backward(sum(square(nn::checkpoint(norm, x))));
  }
  const Tensor got = x.grad();
  Tensor(x).zero_grad();
  Tape tape;
  tape.backward(sum(square(same(x))));
  CHECK(norm.num_batches_tracked.item() == 1);
  CHECK(equal(norm.running_var, same.running_var));
  CHECK(equal(got, x.grad()));
}

TEST_CASE("a replayed tape computes a checkpoint again, with its random numbers") {
  const nn::Sequential net{nn::Linear(4, 4), nn::Dropout(0.5)};
  const Tensor x = ones({2, 4}).requires_grad_();
  Tape tape({.replay = true});
  const Tensor y = nn::checkpoint(net, x);
  const std::uint64_t counter = default_generator().counter();
  CHECK(equal(tape.replay()[static_cast<std::size_t>(tape.index_of(y))], y.detach()));
  CHECK(default_generator().counter() == counter);
}

TEST_CASE("errors of a checkpoint: in the function, of a changed parameter, of another shape, of second order") {
  nn::Linear layer(3, 3);
  const Tensor x = ones({2, 3});
  CHECK_SAYS(nn::checkpoint(layer, ones({2, 4})), "linear: the input has the wrong number of features",
             "nn/checkpoint.cpp");
  Tape tape;
  CHECK_SAYS(nn::checkpoint(layer, ones({2, 4})), "linear: the input has the wrong number of features",
             "nn/checkpoint.cpp");
  CHECK_SAYS(nn::checkpoint(layer, Tensor()), "checkpoint", "undefined");
  CHECK_SAYS(nn::checkpoint([](const Tensor&) { return Tensor(); }, x),
             "checkpoint: the function returned an undefined tensor", "nn/checkpoint.cpp");
  const Tensor recorded = layer(x);
  CHECK_SAYS(nn::checkpoint([&](const Tensor& t) { return t + recorded; }, x), "add: the tensor belongs to");
  const Tensor y = sum(nn::checkpoint(layer, x));
  CHECK_SAYS(tape.gradient(y, {layer.weight}, {.record = true}), "'checkpoint", "has no second derivative");
  Tensor(layer.bias).add_(ones({3}));
  CHECK_SAYS(tape.gradient(y, {layer.weight}), "checkpoint: a parameter has changed since the function ran first",
             "(3,)", "walk before the optimizer steps", "nn/checkpoint.cpp");
  int calls = 0;
  const auto other = [&](const Tensor& t) { return ++calls == 1 ? layer(t) : sum(layer(t)); };
  const Tensor z = sum(nn::checkpoint(other, x));
  CHECK_SAYS(tape.backward(z), "checkpoint: the function returned another shape or dtype when it ran again", "() f32",
             "(2, 3) f32", "it must do the same each time");
  for (const Tensor& p : layer.parameters()) CHECK_FALSE(p.grad().defined());
  CHECK(layer(x).defined());  // the tape of the thread is this one again
}

TEST_CASE("a frozen weight gets no gradient, loses the one it had, and nothing is saved for it") {
  nn::Linear body(4, 4), head(4, 2);
  const Tensor x = ones({3, 4});
  const auto walk = [&] {
    Tape tape;
    tape.backward(sum(head(relu(body(x)))));
  };
  walk();
  CHECK(body.weight.grad().defined());
  body.requires_grad_(false);
  CHECK_FALSE(body.weight.grad().defined());
  CHECK_FALSE(body.bias.grad().defined());
  CHECK(head.weight.grad().defined());
  walk();
  CHECK_FALSE(body.weight.grad().defined());
  {
    Tape tape;
    const Tensor y = head(relu(body(x)));
    for (int i = 0; i < tape.size(); ++i) {
      CHECK_FALSE((tape[i].is_leaf() && tape[i].leaf().is_same(body.weight)));
      CHECK(tape[i].scope() == "");  // the body has recorded nothing
    }
  }
  body.requires_grad_();
  CHECK_FALSE(body.weight.grad().defined());  // no old one comes back
  // An optimizer of the whole leaves it alone.
  body.requires_grad_(false);
  const Tensor before = body.weight.clone();
  auto all = body.parameters();
  for (const Tensor& p : head.parameters()) all.push_back(p);
  optim::SGD opt(all, {.lr = 1, .weight_decay = 0.1});
  walk();
  opt.step();
  CHECK(equal(body.weight, before));
}

TEST_CASE("the gradient of each example: their mean is that of the batch, each is that of a batch of one") {
  manual_seed(5);
  const nn::Sequential net{nn::Linear(3, 4), nn::Tanh(), nn::Linear(4, 2)};
  const Tensor x = randn({5, 3}), y = randint(0, 2, {5});
  const auto loss = [&](const Tensor& a, const Tensor& b) { return cross_entropy(net(a), b); };
  const auto each = nn::per_sample_gradients(loss, x, y, net.parameters());
  const auto batch = value_and_grad([&] { return loss(x, y); }, net.parameters()).grads;
  REQUIRE(each.size() == 4);
  for (std::size_t k = 0; k < 4; ++k) {
    CHECK(each[k].size(0) == 5);
    CHECK(allclose(mean(each[k], 0), batch[k], 1e-4, 1e-6));
    const auto one = value_and_grad(
                         [&] {
                           return loss(slice(x, 0, {2, 3}), slice(y, 0, {2, 3}));
                         },
                         net.parameters())
                         .grads[k];
    CHECK(equal(each[k][2], one));
  }
  for (const Tensor& p : net.parameters()) CHECK_FALSE(p.grad().defined());
  CHECK_SAYS(nn::per_sample_gradients(loss, x, ones({4}), net.parameters()),
             "per_sample_gradients: x and y are not the same number of examples", "(5, 3) and (4,)",
             "nn/checkpoint.cpp");
  CHECK_SAYS(nn::per_sample_gradients(loss, ones({0, 3}), ones({0}), net.parameters()), "one or more");
  CHECK_SAYS(nn::per_sample_gradients(loss, scalar(1), scalar(1), net.parameters()), "() and ()");
  CHECK_SAYS(nn::per_sample_gradients({}, x, y, net.parameters()), "the function is empty");
  CHECK_SAYS(nn::per_sample_gradients([&](const Tensor& a, const Tensor&) { return net(a); }, x, y, net.parameters()),
             "does not have exactly one element");
}

TEST_CASE("the default dtype: of tensors and layers that are made without one") {
  CHECK(default_dtype() == f32);
  set_default_dtype(f64);
  const std::vector<Tensor> made{zeros({1}),
                                 ones({1}),
                                 full({1}, 2),
                                 arange(0, 2),
                                 linspace(0, 1, 2),
                                 eye(2),
                                 scalar(1),
                                 rand({1}),
                                 randn({1}),
                                 tensor({1.5}),
                                 one_hot(tensor({0}, i64), 2),
                                 nn::Linear(1, 1).weight,
                                 nn::Conv2d(1, 1, 1).weight,
                                 nn::LSTM(1, 1).weights[0].weight_hh,
                                 nn::Embedding(2, 2).weight,
                                 nn::LayerNorm(2).weight,
                                 nn::sinusoidal_positions(1, 2)};
  const Tensor y = nn::Linear(2, 2)(randn({3, 2}));
  const Tensor stays = from_data(std::vector<float>{1}, {1}), index = arange(3), zero = zeros_like(stays);
  set_default_dtype(f32);
  for (const Tensor& t : made) CHECK(t.dtype() == f64);
  CHECK(y.dtype() == f64);
  CHECK(stays.dtype() == f32);
  CHECK(zero.dtype() == f32);
  CHECK(index.dtype() == i64);
  CHECK(zeros({1}).dtype() == f32);
  CHECK_SAYS(set_default_dtype(i64), "set_default_dtype: the default dtype must be floating-point", "i64", "f32 or f64",
             "nn/checkpoint.cpp");
  CHECK(default_dtype() == f32);
}

TEST_CASE("a checkpoint whose function computes other numbers the second time is an error") {
  manual_seed(5);
  nn::Sequential net{nn::Linear(4, 4), nn::Dropout(0.5)};
  double factor = 1;
  const auto scaled = [&](const Tensor& h) { return h * factor; };
  const auto message = [&](const auto& f, const auto& between) {
    Tape tape;
    const Tensor y = sum(nn::checkpoint(f, ones({2, 4}).requires_grad_()));
    between();
    return support::message([&] { tape.backward(y); });
  };
  CHECK(support::contains(message(net, [&] { net.eval(); }), "other numbers when it ran again"));
  net.train();
  CHECK(support::contains(message(scaled, [&] { factor = 2; }), "other numbers when it ran again"));
  CHECK(message(scaled, [] {}) == "nothing was thrown");
}

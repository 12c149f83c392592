// RNN, LSTM, GRU: shapes, layouts, states carried on, gradients. Their numbers are PyTorch's: gradus verify.
#include <gradus/nn/nn.hpp>

#include <string>
#include <vector>

#include <gradus/gradcheck.hpp>
#include <gradus/ops.hpp>

#include "support.hpp"

using namespace gradus;

namespace {

std::string names(const nn::ModuleBase& m) {
  std::string all;
  for (const auto& [name, value] : m.state_dict()) all += name + to_string(value.shape()) + " ";
  return all;
}

}  // namespace

TEST_CASE("PyTorch's names, gates along the first axis") {
  CHECK(names(nn::LSTM(3, 2, {.num_layers = 2})) ==
        "weight_ih_l0(8, 3) weight_hh_l0(8, 2) bias_ih_l0(8,) bias_hh_l0(8,) "
        "weight_ih_l1(8, 2) weight_hh_l1(8, 2) bias_ih_l1(8,) bias_hh_l1(8,) ");
  CHECK(names(nn::GRU(3, 2, {.bias = false, .bidirectional = true})) ==
        "weight_ih_l0(6, 3) weight_hh_l0(6, 2) weight_ih_l0_reverse(6, 3) weight_hh_l0_reverse(6, 2) ");
  CHECK(nn::RNN(3, 2, {.num_layers = 2, .bidirectional = true}).weights[2].weight_ih.shape() == Shape{2, 4});
}

TEST_CASE("shapes: y at every step, h of every layer and direction") {
  const nn::LSTM lstm(3, 4, {.num_layers = 2, .bidirectional = true});
  const auto [y, h, c] = lstm(randn({5, 2, 3}));
  CHECK(y.shape() == Shape{5, 2, 8});
  CHECK(h.shape() == Shape{4, 2, 4});
  CHECK(c.shape() == h.shape());
  CHECK(nn::GRU(3, 4, {.batch_first = true})(randn({2, 5, 3})).y.shape() == Shape{2, 5, 4});
  CHECK(nn::RNN(3, 4, {.dtype = f64})(randn({1, 2, 3}, f64)).h.dtype() == f64);
}

TEST_CASE("one step by hand") {
  nn::RNN rnn(1, 1);
  rnn.weights[0].weight_ih.fill_(2), rnn.weights[0].weight_hh.fill_(-1);
  rnn.weights[0].bias_ih.fill_(0.5), rnn.weights[0].bias_hh.fill_(0.25);
  const Tensor x = full({1, 1, 1}, 0.1), h0 = full({1, 1, 1}, 0.3);
  CHECK(allclose(rnn(x, h0).y, tanh(full({1, 1, 1}, 0.65))));
  rnn.nonlinearity = nn::RNNNonlinearity::relu;
  CHECK(allclose(rnn(x, h0).y, full({1, 1, 1}, 0.65)));
}

TEST_CASE("batch first is the same, transposed; states are not") {
  nn::GRU gru(3, 4, {.num_layers = 2});
  nn::GRU first(3, 4, {.num_layers = 2, .batch_first = true});
  first.load_state_dict(gru.state_dict());
  const Tensor x = randn({5, 2, 3}), h0 = randn({2, 2, 4});
  const auto a = gru(x, h0), b = first(x.transpose(0, 1), h0);
  CHECK(allclose(a.y, b.y.transpose(0, 1)));
  CHECK(allclose(a.h, b.h));
}

TEST_CASE("the last step of y is h of the last layer") {
  const nn::LSTM lstm(3, 4, {.num_layers = 2});
  const auto [y, h, c] = lstm(randn({5, 2, 3}));
  CHECK(equal(y[4], h[1]));
}

TEST_CASE("backwards is forwards over the sequence turned round") {
  nn::GRU both(3, 4, {.bidirectional = true}), one(3, 4);
  const auto& w = both.weights[1];
  one.load_state_dict({{"weight_ih_l0", w.weight_ih},
                       {"weight_hh_l0", w.weight_hh},
                       {"bias_ih_l0", w.bias_ih},
                       {"bias_hh_l0", w.bias_hh}});
  const Tensor x = randn({5, 2, 3});
  const auto all = both(x), turned = one(flip(x, 0));
  CHECK(allclose(slice(all.y, 2, {4, 8}), flip(turned.y, 0)));
  CHECK(allclose(all.h[1], turned.h[0]));
}

TEST_CASE("a state carried on makes one sequence of two; detached, the gradient stops there") {
  nn::LSTM lstm(3, 4, {.num_layers = 2});
  const Tensor x = randn({6, 2, 3}), start = slice(x, 0, {0, 4}), rest = slice(x, 0, {4, 6});
  const auto whole = lstm(x), before = lstm(start), after = lstm(rest, before.h, before.c);
  CHECK(allclose(concat({before.y, after.y}), whole.y, 1e-5, 1e-6));
  CHECK(allclose(after.c, whole.c, 1e-5, 1e-6));

  Tensor past = start.clone().requires_grad_();
  Tape tape;
  const auto [y, h, c] = lstm(past);
  tape.backward(sum(lstm(rest, h.detach(), c.detach()).y));
  CHECK_FALSE(past.grad().defined());
  CHECK(lstm.weights[0].weight_hh.grad().defined());
}

TEST_CASE("dropout between layers, while training only") {
  manual_seed(1);
  nn::GRU gru(3, 8, {.num_layers = 2, .dropout = 0.5});
  const Tensor x = randn({5, 2, 3});
  CHECK_FALSE(equal(gru(x).y, gru(x).y));
  CHECK(equal(gru(x).h[0], gru(x).h[0]));  // below it
  gru.eval();
  CHECK(equal(gru(x).y, gru(x).y));
}

TEST_CASE("a copy has weights of its own; assigning keeps handles attached") {
  nn::GRU a(2, 3), b = a;
  b.weights[0].weight_hh.fill_(7);
  CHECK_FALSE(equal(a.weights[0].weight_hh, b.weights[0].weight_hh));
  const Tensor handle = a.weights[0].weight_hh;
  a = b;
  CHECK(handle.at({0, 0}) == 7);
  a = nn::GRU(2, 3);
  CHECK(equal(handle, a.weights[0].weight_hh));
}

TEST_CASE("recorded at the caller's line") {
  const nn::LSTM lstm(2, 2);
  Tape tape;
  const unsigned line = __LINE__ + 1;
  lstm(ones({2, 1, 2}));
  CHECK(tape.size() > 0);
  for (int i = 0; i < tape.size(); ++i) CHECK(tape[i].where().line() == line);
}

TEST_CASE("errors") {
  const nn::LSTM lstm(3, 4, {.num_layers = 2});
  const Tensor x = ones({5, 2, 3});
  CHECK_SAYS(lstm(ones({5, 2, 4})), "LSTM: the input has the wrong shape", "(5, 2, 4)", "(T, N, 3)",
             "nn/recurrent.cpp:");
  CHECK_SAYS(lstm(ones({5, 3})), "LSTM: the input has the wrong shape", "(5, 3)");
  CHECK_SAYS(lstm(ones({0, 2, 3})), "LSTM: the input has the wrong shape", "one step or more");
  CHECK_SAYS(lstm(Tensor()), "LSTM: the input has the wrong shape", "undefined");
  CHECK_SAYS(lstm(x, ones({1, 2, 4})), "LSTM: h0 has the wrong shape", "(1, 2, 4)", "(2, 2, 4)", "nn/recurrent.cpp:");
  CHECK_SAYS(lstm(x, ones({2, 2, 4}), ones({2, 1, 4})), "LSTM: c0 has the wrong shape", "(2, 1, 4)");
  CHECK_SAYS(lstm(x, ones({2, 2, 4}, f64)), "dtypes differ", "nn/recurrent.cpp:");
  CHECK_SAYS(lstm(ones({5, 2, 3}, f64)), "dtypes differ", "nn/recurrent.cpp:");
  CHECK_SAYS(nn::GRU(3, 0), "GRU: hidden_size is too small", "nn/recurrent.cpp:");
  CHECK_SAYS(nn::RNN(3, 2, {.num_layers = 0}), "RNN: num_layers is too small");
  CHECK_SAYS(nn::RNN(3, 2, {.dropout = 2}), "RNN: dropout is not a probability", "got:      2");
  CHECK(nn::GRU(3, 2, {.num_layers = 2, .bias = false, .batch_first = true}).describe() ==
        "3 -> 2, 2 layers, batch first, no bias");
}

TEST_CASE("gradients to the second order, with respect to input and states") {
  manual_seed(5);
  const nn::LSTM lstm(2, 2, {.num_layers = 2, .dtype = f64});
  const Tensor x = randn({2, 1, 2}, f64), h0 = randn({2, 1, 2}, f64), c0 = randn({2, 1, 2}, f64);
  const auto remembered = gradcheck(
      [&](Tensor in, Tensor h, Tensor c) {
        const auto r = lstm(in, h, c);
        return std::vector<Tensor>{r.y, r.h, r.c};
      },
      {x, h0, c0}, {.order = 2});
  INFO(to_string(remembered));
  CHECK(remembered.ok);

  const auto check = [](const auto& layer, const Tensor& from, const Tensor& state) {
    const auto result = gradcheck([&](Tensor in, Tensor h) { return layer(in, h).y; }, {from, state}, {.order = 2});
    INFO(to_string(result));
    CHECK(result.ok);
  };
  check(nn::GRU(2, 2, {.batch_first = true, .dtype = f64}), randn({1, 3, 2}, f64), randn({1, 1, 2}, f64));
  check(nn::RNN(2, 2, {.bidirectional = true, .dtype = f64}), x, h0);
}

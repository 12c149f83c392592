#include <gradus/nn/nn.hpp>

#include <array>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <gradus/ops.hpp>

#include "support.hpp"

using namespace gradus;

namespace {

struct Mlp : nn::Module<Mlp> {
  nn::Linear fc1{2, 3}, fc2{3, 1};
  Tensor forward(const Tensor& x) const { return fc2(tanh(fc1(x))); }
  void fields(auto& v) { v("fc1", fc1), v("fc2", fc2); }
};

struct Everything : nn::Module<Everything> {
  Parameter scale = ones({2});
  Buffer seen = zeros({}, i64);
  Mlp inner;
  std::vector<nn::Linear> layers;
  std::array<nn::Linear, 1> fixed{nn::Linear(1, 1, {.bias = false})};
  std::optional<nn::Linear> extra;
  nn::Dropout drop;
  Everything() { layers.emplace_back(1, 2), layers.emplace_back(2, 1); }
  Tensor forward(Arg x) const { return x; }
  void fields(auto& v) const {
    v("scale", scale), v("seen", seen), v("inner", inner), v("layers", layers), v("fixed", fixed), v("extra", extra);
    v("drop", drop);
  }
};

template <class List>
std::string names(const List& list) {
  std::string all;
  for (const auto& p : list) {
    const auto& [name, value] = p;
    all += name + to_string(value.shape()) + " ";
  }
  return all;
}

}  // namespace

TEST_CASE("parameters and state have PyTorch's names, in the order of fields()") {
  CHECK(names(Mlp().named_parameters()) == "fc1.weight(3, 2) fc1.bias(3,) fc2.weight(1, 3) fc2.bias(1,) ");
  Everything all;
  CHECK(names(all.state_dict()) ==
        "scale(2,) seen() inner.fc1.weight(3, 2) inner.fc1.bias(3,) inner.fc2.weight(1, 3) inner.fc2.bias(1,) "
        "layers.0.weight(2, 1) layers.0.bias(2,) layers.1.weight(1, 2) layers.1.bias(1,) fixed.0.weight(1, 1) ");
  all.extra.emplace(1, 1);
  CHECK(all.named_parameters().back().name == "extra.bias");
  CHECK(all.parameters().size() == all.named_parameters().size());
  CHECK(all.parameter_count() == 2 + 13 + 4 + 3 + 1 + 2);
  CHECK(all.type() == "Everything");
  CHECK(all.layers[0].type() == "Linear");
}

TEST_CASE("two members with the same name are an error") {
  struct Slip : nn::Module<Slip> {
    nn::Linear a{1, 1}, b{1, 1};
    Tensor forward(Arg x) const { return x; }
    void fields(nn::Fields& v) { v("a", a), v("a", b); }
  } slip;
  CHECK_SAYS(slip.named_parameters(), "Slip: two parameters or buffers have the same name", "'a.bias' twice",
             "tests/nn/module.cpp:");
}

TEST_CASE("modules are values: a copy has weights of its own") {
  Mlp a;
  Mlp b = a;
  CHECK(equal(a.fc1.weight, b.fc1.weight));
  b.fc1.weight.fill_(7);
  CHECK_FALSE(equal(a.fc1.weight, b.fc1.weight));
  CHECK(b.fc1.weight.requires_grad());

  const Mlp moved = std::move(b);
  CHECK(moved.fc1.weight.at({0, 0}) == 7);
}

TEST_CASE("assignment changes the numbers in place: handles, and so optimizers, stay attached") {
  Mlp net, best;
  const Tensor handle = net.fc1.weight;
  net.fc1.weight.fill_(1);
  best.fc1.weight.fill_(2);
  net = best;
  CHECK(handle.at({0, 0}) == 2);
  net = Mlp();
  CHECK(equal(handle, net.fc1.weight));
  CHECK(handle.is_same(net.fc1.weight));
  CHECK(best.fc1.weight.at({0, 0}) == 2);
}

TEST_CASE("moving keeps handles: a vector of layers may grow under an optimizer") {
  static_assert(std::is_nothrow_move_constructible_v<nn::Linear> && std::is_nothrow_move_constructible_v<nn::Conv2d>);
  static_assert(std::is_nothrow_move_constructible_v<nn::LayerNorm>);
  static_assert(std::is_nothrow_move_constructible_v<nn::BatchNorm1d> && std::is_nothrow_move_constructible_v<Mlp>);
  static_assert(std::is_nothrow_move_constructible_v<nn::Sequential>);
  std::vector<nn::Linear> layers;
  layers.emplace_back(2, 2);
  const Tensor handle = layers[0].weight;
  for (int i = 0; i < 20; ++i) layers.emplace_back(2, 2);
  CHECK(handle.is_same(layers[0].weight));
}

TEST_CASE("a weight is shared or copied explicitly") {
  static_assert(!std::is_convertible_v<const Parameter&, Parameter>, "auto w = layer.weight does not compile");
  static_assert(!std::is_convertible_v<Parameter&, Parameter>);
  static_assert(!std::is_convertible_v<Buffer&, Buffer>);
  static_assert(std::is_convertible_v<Tensor, Parameter> && std::is_convertible_v<const Parameter&, Tensor>);
  static_assert(std::is_copy_constructible_v<Parameter> && std::is_copy_constructible_v<Mlp>);
  nn::Linear layer(2, 2);
  const Tensor shared = layer.weight, copied = layer.weight.clone();
  layer.weight.fill_(5);
  CHECK(shared.at({1, 1}) == 5);
  CHECK(copied.at({1, 1}) != 5);
}

TEST_CASE("train() and eval() reach every module inside") {
  Everything net;
  CHECK(net.is_training());
  CHECK(&net.eval() == &net);
  CHECK_FALSE(net.is_training());
  CHECK_FALSE(net.inner.fc2.is_training());
  CHECK_FALSE(net.layers[1].is_training());
  CHECK_FALSE(net.drop.is_training());
  net.inner.train();
  CHECK(net.inner.fc1.is_training());
  CHECK_FALSE(net.drop.is_training());
  const Everything copy = net;
  CHECK(copy.inner.is_training());
  CHECK_FALSE(copy.is_training());
}

TEST_CASE("Evaluating ends with its scope and leaves every module as it was") {
  Everything net;
  net.inner.eval();
  {
    const nn::Evaluating evaluating(net);
    CHECK_FALSE(net.is_training());
    CHECK_FALSE(net.drop.is_training());
  }
  CHECK(net.is_training());
  CHECK(net.drop.is_training());
  CHECK_FALSE(net.inner.is_training());
  CHECK_FALSE(net.inner.fc1.is_training());
}

TEST_CASE("freezing stops gradients, and only those") {
  Mlp net;
  net.fc1.requires_grad_(false);
  Tape tape;
  tape.backward(sum(net(ones({4, 2}))));
  CHECK_FALSE(net.fc1.weight.grad().defined());
  CHECK_FALSE(net.fc1.bias.grad().defined());
  CHECK(net.fc2.weight.grad().defined());
  net.zero_grad();
  CHECK_FALSE(net.fc2.weight.grad().defined());
  net.requires_grad_();
  CHECK(net.fc1.weight.requires_grad());
}

TEST_CASE("to() converts in place, buffers of integers excepted") {
  Everything net;
  const Tensor handle = net.inner.fc1.weight;
  const std::vector<double> before = handle.to_vector();
  net.to(f64);
  CHECK(handle.dtype() == f64);
  CHECK(handle.requires_grad());
  CHECK(handle.to_vector() == before);
  CHECK(net.seen.dtype() == i64);
  CHECK_SAYS(net.to(i64), "to: a module needs a floating-point dtype", "got:      i64", "expected: f32 or f64",
             "tests/nn/module.cpp:");
  CHECK(handle.dtype() == f64);
}

TEST_CASE("one parameter used twice gets both gradients") {
  struct Tied : nn::Module<Tied> {
    nn::Embedding tokens{5, 3};
    Tensor forward(Arg x) const { return matmul(tokens(x), tokens.weight, {.transpose_b = true}); }
    void fields(nn::Fields& v) { v("tokens", tokens); }
  } net;
  net.to(f64);
  CHECK(net.named_parameters().size() == 1);
  const Tensor x = from_data(std::vector<std::int64_t>{1, 4}, {2});
  Tape tape;
  tape.backward(sum(net(x)));
  // sum over i, v of w[x_i] · w[v]: every row gets the sum of the rows looked up; those get the sum of all rows
  // besides.
  const Tensor w = net.tokens.weight.detach(), looked_up = sum(index_select(w, 0, x), 0), all = sum(w, 0);
  CHECK(allclose(net.tokens.weight.grad()[0], looked_up));
  CHECK(allclose(net.tokens.weight.grad()[1], looked_up + all));
}

TEST_CASE("several inputs and outputs are ordinary") {
  struct Two : nn::Module<Two> {
    nn::Linear left{2, 3}, right{2, 3};
    std::pair<Tensor, Tensor> forward(const Tensor& a, const Tensor& b) const { return {left(a) + right(b), left(b)}; }
    void fields(nn::Fields& v) { v("left", left), v("right", right); }
  } net;
  const Tensor a = rand({4, 2}), b = rand({4, 2});
  Tape tape;
  const auto [y, z] = net(a, b);
  tape.backward(sum(y) + sum(z));
  CHECK(allclose(net.left.bias.grad(), full({3}, 8)));
  CHECK(allclose(net.right.bias.grad(), full({3}, 4)));
  CHECK(allclose(net.left.weight.grad()[0], sum(a, 0) + sum(b, 0)));
  CHECK(net.description() == "");
  CHECK(nn::summary(net, a, b).find("(4, 3), (4, 3)") != std::string::npos);
}

TEST_CASE("load_state_dict copies numbers, converts them, and leaves handles alone") {
  Mlp a, b;
  b.to(f64);
  const Tensor handle = b.fc2.bias;
  b.load_state_dict(a.state_dict());
  CHECK(handle.dtype() == f64);
  CHECK(handle.to_vector() == a.fc2.bias.to_vector());
  CHECK(handle.requires_grad());
  a.fc2.bias.fill_(9);
  CHECK(handle.item() != 9);
}

TEST_CASE("a state that does not fit is one error that lists everything, and nothing changes") {
  Mlp net;
  const Mlp before = net;
  StateDict state;
  state.emplace_back("fc1.weight", full({3, 2}, 9));
  state.emplace_back("fc1.bias", zeros({4}));
  state.emplace_back("fc2.weight", Tensor());
  state.emplace_back("fc3.weight", zeros({1}));
  CHECK_SAYS(net.load_state_dict(state), "load_state_dict: the state does not fit this Mlp",
             "shape:      fc1.bias is (4,), the module's (3,)", "undefined:  fc2.weight", "missing:    fc2.bias (1,)",
             "unexpected: fc3.weight", "{.strict = false}", "tests/nn/module.cpp:");
  CHECK(equal(net.fc1.weight, before.fc1.weight));

  CHECK_SAYS(net.load_state_dict(state, {.strict = false}), "undefined:  fc2.weight");
  CHECK(equal(net.fc1.weight, before.fc1.weight));

  state = {{"fc1.weight", full({3, 2}, 9)}, {"fc3.weight", zeros({1})}};
  net.load_state_dict(state, {.strict = false});
  CHECK(net.fc1.weight.at({2, 1}) == 9);
  CHECK(equal(net.fc2.weight, before.fc2.weight));
}

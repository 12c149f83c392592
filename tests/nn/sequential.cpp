#include <gradus/nn/nn.hpp>
#include <gradus/ops.hpp>

#include <string>

#include "support.hpp"

using namespace gradus;

namespace {
Tensor twice(Arg x) { return x * 2.0; }
}  // namespace

TEST_CASE("Sequential calls layers and callables one after another") {
  const nn::Sequential net{nn::Linear(2, 2), nn::ReLU(), twice, [](Tensor x) { return x + 1.0; }};
  Tensor w = net.get<nn::Linear>(0).weight, b = net.get<nn::Linear>(0).bias;
  w.copy_(tensor({{1, 2}, {-1, 0}})), b.fill_(0.5);
  CHECK(allclose(net(tensor({{1, 1}})), tensor({{8, 1}})));
  CHECK(net.size() == 4);
  const nn::Sequential none;
  CHECK(none.empty());
  CHECK(equal(none(w), w));
}

TEST_CASE("its state is named by position; callables have none") {
  nn::Sequential net{nn::Linear(2, 3), twice, nn::Sequential{nn::BatchNorm1d(3, {.affine = false}), nn::Linear(3, 1)}};
  std::string names;
  for (const auto& [name, value] : net.state_dict()) names += name + " ";
  CHECK(names == "0.weight 0.bias 2.0.running_mean 2.0.running_var 2.0.num_batches_tracked 2.1.weight 2.1.bias ");
  net.push_back(nn::Tanh()).push_back(nn::Linear(1, 1));
  CHECK(net.named_parameters().back().name == "4.bias");
  CHECK(net[2].named_parameters()[0].name == "1.weight");
  CHECK(net[1].type() == "function");
  net.eval();
  CHECK_FALSE(net.get<nn::Sequential>(2)[0].is_training());
}

TEST_CASE("a copy has layers of its own") {
  nn::Sequential net{nn::Linear(2, 2), nn::Sequential{nn::Linear(2, 2)}};
  const nn::Sequential copy = net;
  auto& inner = net.get<nn::Sequential>(1).get<nn::Linear>(0);
  inner.weight.fill_(3);
  CHECK(copy.get<nn::Sequential>(1).get<nn::Linear>(0).weight.at({0, 0}) != 3);

  nn::Linear given(2, 2);
  const nn::Sequential holds{given};
  given.weight.fill_(4);
  CHECK(holds.get<nn::Linear>(0).weight.at({0, 0}) != 4);
}

TEST_CASE("assigning changes numbers in place where the types agree") {
  nn::Sequential net{nn::Linear(2, 2), twice, nn::Sequential{nn::Linear(2, 2)}};
  const std::vector<Tensor> handles = net.parameters();
  nn::Sequential best = net;
  best.get<nn::Linear>(0).weight.fill_(5);
  net = best;
  CHECK(handles[0].at({0, 0}) == 5);
  net = nn::Sequential{nn::Linear(2, 2), twice, nn::Sequential{nn::Linear(2, 2)}};
  for (std::size_t i = 0; i < handles.size(); ++i) CHECK(handles[i].is_same(net.parameters()[i]));
  CHECK(handles[0].at({0, 0}) != 5);

  net = nn::Sequential{nn::ReLU(), nn::Linear(2, 1)};  // another network
  CHECK(net.size() == 2);
  CHECK(net[0].type() == "ReLU");
  CHECK(net(ones({3, 2})).shape() == Shape{3, 1});
  CHECK(best.size() == 3);
}

TEST_CASE("one Sequential in braces is a copy; beside others it is a layer") {
  const nn::Sequential net{nn::ReLU(), nn::ReLU()};
  const nn::Sequential copy{net}, nested{net, nn::ReLU()};
  CHECK(copy.size() == 2);
  CHECK(nested.size() == 2);
  CHECK(nested[0].type() == "Sequential");
}

TEST_CASE("layers by number: typed, or an error that says what is there") {
  nn::Sequential net{nn::Linear(2, 3), nn::ReLU(), nn::Linear(3, 1)};
  CHECK(net.get<nn::Linear>(-1).in_features == 3);
  CHECK_SAYS(net.get<nn::Linear>(1), "Sequential: layer 1 has another type", "got:      ReLU", "expected: Linear",
             "tests/nn/sequential.cpp:");
  CHECK_SAYS(net.get<nn::Linear>(3), "Sequential: there is no layer 3", "3 layers", "tests/nn/sequential.cpp:");
  CHECK_SAYS(net[-4], "there is no layer -4", "tests/nn/sequential.cpp:");
}

TEST_CASE("a layer that keeps count is called as it is") {
  struct Counter : nn::Module<Counter> {
    int calls = 0;
    Tensor forward(Arg x) { return ++calls, x; }
  };
  const nn::Sequential net{Counter(), nn::Identity()};
  net(ones({1})), net(ones({1}));
  CHECK(net.get<Counter>(0).calls == 2);
}

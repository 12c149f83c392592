// on_forward and on_backward.
#include <gradus/nn/nn.hpp>
#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include <vector>

#include "support.hpp"

using namespace gradus;

namespace {

struct Net : nn::Module<Net> {
  nn::Linear fc1{2, 3}, fc2{3, 1};
  Tensor forward(Arg x) const { return fc2(tanh(fc1(x))); }
  void fields(auto& v) { v("fc1", fc1), v("fc2", fc2); }
};

std::vector<Tensor> grads(Net& net) {
  std::vector<Tensor> all;
  for (const Tensor& p : net.parameters()) all.push_back(p.grad());
  net.zero_grad();
  return all;
}

void walk(const Net& net, const Tensor& x) {
  Tape tape;
  tape.backward(sum(square(net(x))));
}

}  // namespace

TEST_CASE("on_forward sees what the module returns, on a tape and without one") {
  Net net;
  const Tensor x = randn({4, 2});
  Tensor seen;
  net.fc1.on_forward([&](const Tensor& y) { seen = y.detach(); });
  net(x);
  CHECK(equal(seen, linear(x, net.fc1.weight, net.fc1.bias)));
  seen = {};
  Tape tape;
  net(x);
  CHECK(seen.defined());
  CHECK(tape.index_of(seen) < 0);
}

TEST_CASE("what on_forward returns takes the place of the result, and is differentiated") {
  Net net;
  const Tensor x = randn({4, 2});
  const Tensor before = net(x);
  net.fc1.on_forward([](const Tensor& y) { return 2 * y; });
  const Tensor doubled = linear(tanh(2 * linear(x, net.fc1.weight, net.fc1.bias)), net.fc2.weight, net.fc2.bias);
  CHECK(equal(net(x), doubled));
  CHECK_FALSE(equal(net(x), before));
  walk(net, x);
  const Tensor g = grads(net)[0];
  Tape tape;
  const Tensor y = linear(tanh(2 * linear(x, net.fc1.weight, net.fc1.bias)), net.fc2.weight, net.fc2.bias);
  CHECK(allclose(g, tape.gradient(sum(square(y)), {net.fc1.weight})[0]));
}

TEST_CASE("on_backward sees the gradient of the result, and what it returns goes on") {
  Net net;
  const Tensor x = randn({4, 2});
  walk(net, x);
  const auto plain = grads(net);
  Tensor seen;
  auto looks = net.fc1.on_backward([&](const Tensor& g) { seen = g.clone(); });
  walk(net, x);
  auto same = grads(net);
  for (std::size_t i = 0; i < plain.size(); ++i) CHECK(equal(same[i], plain[i]));
  REQUIRE(seen.shape() == Shape{4, 3});
  CHECK(allclose(matmul(seen.t(), x), plain[0]));  // dW = gᵀ x
  looks.remove();
  seen = {};
  net.fc1.on_backward([](const Tensor& g) { return g * 3; });
  walk(net, x);
  same = grads(net);
  CHECK(allclose(same[0], plain[0] * 3));
  CHECK(equal(same[2], plain[2]));  // behind the hook nothing changes
  CHECK_FALSE(seen.defined());
}

TEST_CASE("a hook on the network itself, on a layer of a Sequential, and on modules with several results") {
  nn::Sequential net{nn::Linear(2, 3), nn::ReLU()};
  std::vector<Shape> shapes;
  net.on_forward([&](const Tensor& y) { shapes.push_back(y.shape()); });
  net[0].on_forward([&](const Tensor& y) { shapes.push_back(y.shape()); });
  net(ones({5, 2}));
  CHECK(shapes == std::vector<Shape>{{5, 3}, {5, 3}});
  nn::LSTM lstm(2, 3);
  Tensor y, g;
  lstm.on_forward([&](const Tensor& t) { y = t.detach(); });
  lstm.on_backward([&](const Tensor& t) { g = t; });
  Tape tape;
  const auto r = lstm(ones({4, 1, 2}));
  tape.backward(sum(r.y) + sum(r.h));
  CHECK(equal(y, r.y.detach()));
  REQUIRE(g.shape() == Shape{4, 1, 3});
  CHECK(equal(g, ones_like(g)));
}

TEST_CASE("hooks come in the order in which they were added, and remove() ends one") {
  nn::Linear layer(1, 1);
  std::vector<int> order;
  auto first = layer.on_forward([&](const Tensor&) { order.push_back(1); });
  nn::HookHandle second;
  second = layer.on_forward([&](const Tensor&) { order.push_back(2); });
  layer(ones({1, 1}));
  CHECK(order == std::vector{1, 2});
  first.remove();
  first.remove();
  layer(ones({1, 1}));
  CHECK(order == std::vector{1, 2, 2});
  {
    nn::Linear gone(1, 1);
    first = gone.on_forward([](const Tensor&) {});
  }
  first.remove();  // its module has ended
}

TEST_CASE("copies have no hooks, what is moved keeps them, and assigning keeps one's own") {
  nn::Linear layer(1, 1);
  int calls = 0;
  layer.on_forward([&](const Tensor&) { ++calls; });
  const Tensor x = ones({1, 1});
  nn::Linear copy = layer;
  copy(x);
  CHECK(calls == 0);
  layer = copy;
  layer(x);
  CHECK(calls == 1);
  nn::Linear moved = std::move(layer);
  moved(x);
  CHECK(calls == 2);
  copy = moved;
  copy(x);
  CHECK(calls == 2);
}

TEST_CASE("a hook's own mistake names the hook's line, forwards and backwards, and changes nothing") {
  Net net;
  const Tensor x = ones({4, 2});
  unsigned line = 0;
  auto hook = net.fc1.on_forward([&](const Tensor& y) {
    line = __LINE__ + 1;
    return y + ones({7});
  });
  const auto place = [&](const auto& call) -> std::string {
    try {
      call();
    } catch (const Error& e) {
      const std::string file = e.where().file_name();
      return file.substr(std::min(file.size(), file.find("nn/hooks"))) + ":" + std::to_string(e.where().line());
    }
    return "nothing was thrown";
  };
  std::string said = place([&] { net(x); });
  CHECK(said == "nn/hooks.cpp:" + std::to_string(line));
  hook.remove();
  net.fc1.on_backward([&](const Tensor& g) {
    line = __LINE__ + 1;
    return matmul(g, ones({7, 7}));
  });
  said = place([&] { walk(net, x); });
  CHECK(said == "nn/hooks.cpp:" + std::to_string(line));
  for (const Tensor& p : net.parameters()) CHECK_FALSE(p.grad().defined());
  walk(Net(net), x);  // a copy works
}

TEST_CASE("what a hook returns has the shape and dtype of what it got") {
  Net net;
  const Tensor x = ones({4, 2});
  auto hook = net.fc1.on_forward([](const Tensor& y) { return sum(y); });
  CHECK_SAYS(net(x), "on_forward: the function returned another shape or dtype than the result has", "() f32",
             "(4, 3) f32", "a function that only looks returns nothing", "nn/hooks.cpp");
  hook.remove();
  hook = net.fc1.on_forward([](const Tensor& y) { return y.to(f64); });
  CHECK_SAYS(net(x), "(4, 3) f64");
  hook.remove();
  net.fc1.on_backward([](const Tensor& g) { return sum(g); });
  CHECK_SAYS(walk(net, x), "on_backward: the function returned another shape or dtype than the gradient has");
  struct Nothing : nn::Module<Nothing> {
    int forward(const Tensor&) const { return 1; }
  } nothing;
  nothing.on_forward([](const Tensor&) {});
  CHECK_SAYS(nothing(x), "Nothing: a module with hooks returned no tensor that they could see");
}

TEST_CASE("a hook that replaces the gradient is part of a recorded walk") {
  nn::Linear layer(1, 1, {.bias = false, .dtype = f64});
  layer.on_backward([](const Tensor& g) { return 3 * g; });
  const Tensor x = tensor({{3}}, f64);
  Tape tape;
  const Tensor y = square(layer(x));  // the gradient of y is 2 w x; then it goes through the hook
  const Tensor g = tape.gradient(sum(y), {layer.weight}, {.record = true})[0];
  const double w = layer.weight.item();
  CHECK(g.item() == doctest::Approx(3 * 2 * w * 9));
  CHECK(tape.gradient(g, {layer.weight})[0].item() == doctest::Approx(3 * 3 * 2 * 9));
}

TEST_CASE("unused hooks record nothing, and forward hooks that look neither") {
  Net net;
  const Tensor x = ones({4, 2});
  const auto size = [&] {
    Tape tape;
    net(x);
    return tape.size();
  };
  const int before = size();
  net.fc1.on_forward([](const Tensor&) {});
  CHECK(size() == before);
  auto hook = net.fc1.on_backward([](const Tensor&) {});
  CHECK(size() == before + 1);
  hook.remove();
  CHECK(size() == before);
}

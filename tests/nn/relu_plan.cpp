// Sequential lets a ReLU change the numbers of the layer before, and leaves it to a max-pool that follows. Nobody is to
// notice: values, gradients of both orders, the record, hooks, observers and the user's own tensors stay what they are.
#include <gradus/nn/nn.hpp>
#include <gradus/observe.hpp>
#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include <cmath>
#include <vector>

#include "support.hpp"

using namespace gradus;

namespace {

struct Pooling {
  Shape x;
  Pair window;
  Pool2dOptions options;
};

const Pooling poolings[] = {
    {{2, 3, 8, 8}, 2, {}},
    {{1, 2, 9, 70}, 2, {}},
    {{2, 2, 7, 9}, 3, {.stride = 2, .padding = 1}},
    {{1, 2, 20, 40}, {16, 17}, {.stride = 3, .padding = 8}},
    {{1, 1, 8, 8}, {3, 2}, {.stride = 1, .dilation = 2, .ceil_mode = true}},
};

// Ties, zeros of both signs, windows without a positive number.
Tensor numbers(const Shape& shape, DType dtype) {
  Tensor x = randn(shape, dtype);
  for (std::int64_t i = 0; i < shape[3]; i += 3) {
    x.set({0, 0, 0, i}, 0.5);
    x.set({0, 0, 1, i}, i % 2 ? -0.0 : 0.0);
    x.set({0, 0, 2, i}, -2);
    x.set({0, 0, 3, i}, -2);
  }
  return x;
}

// y, its gradient, and the gradient of a function of that gradient.
std::vector<Tensor> results(const auto& f, const Tensor& x) {
  Tape tape;
  tape.watch(x);
  const Tensor y = f(x), k = reshape(arange(0, static_cast<double>(y.numel()), 1, y.dtype()), y.shape());
  const Tensor loss = sum(y * y * k);
  const Tensor plain = tape.gradient(loss, {x})[0];
  const Tensor g = tape.gradient(loss, {x}, {.record = true})[0];
  return {y, plain, g, tape.gradient(sum(g * g), {x})[0]};
}

// A layer that still needs x after its ReLU.
struct Residual : nn::Module<Residual> {
  nn::ReLU act;
  Tensor forward(Arg x) const { return act(x) + x; }
  void fields(auto& v) { v("act", act); }
};

}  // namespace

TEST_CASE_TEMPLATE("a ReLU and the max-pool after it: values and gradients of the two functions, bit for bit", T, float,
                   double) {
  for (const Pooling& p : poolings) {
    const Tensor x = numbers(p.x, std::is_same_v<T, float> ? f32 : f64);
    const Tensor before = x.clone();
    const auto functions = [&](const Tensor& in) { return max_pool2d(relu(2 * in), p.window, p.options); };
    const nn::Sequential net{[](const Tensor& in) { return 2 * in; }, nn::ReLU(), nn::MaxPool2d(p.window, p.options)};
    const nn::Sequential first{nn::ReLU(), nn::MaxPool2d(p.window, p.options)};
    const std::vector<Tensor> got = results(net, x), want = results(functions, x);
    for (std::size_t i = 0; i < got.size(); ++i) CHECK_MESSAGE(equal(got[i], want[i]), i);
    CHECK(equal(net(x), want[0]));
    CHECK(equal(first(2 * x), want[0]));
    CHECK(equal(x, before));
  }
}

TEST_CASE("a NaN goes through a ReLU and its max-pool as it goes through the functions") {
  const Tensor x = reshape(tensor({1, std::nan(""), -3, -4, -1, -2, -3, 0}), {1, 1, 2, 4});
  const nn::Sequential net{nn::ReLU(), nn::MaxPool2d(2, {.stride = {1, 1}})};
  const auto gradient = [&](const auto& f) {
    Tape tape;
    tape.watch(x);
    const Tensor y = f(x);
    return std::pair(y, tape.gradient(sum(y), {x})[0]);
  };
  const auto [y, g] = gradient(net);
  const auto [want, want_g] = gradient([](const Tensor& in) { return max_pool2d(relu(in), 2, {.stride = {1, 1}}); });
  CHECK(std::isnan(y.at({0, 0, 0, 0})));
  CHECK(to_string(y) == to_string(want));
  CHECK(equal(g, want_g));
}

TEST_CASE("the record shows the ReLU and the max-pool, each with its scope") {
  const nn::Sequential net{nn::Conv2d(1, 2, 3), nn::ReLU(), nn::MaxPool2d(2)};
  Tape tape;
  const Tensor y = net(randn({1, 1, 8, 8}));
  const int relu_at = tape.size() - 2, pool_at = relu_at + 1;
  CHECK(tape[relu_at].name() == std::string("relu"));
  CHECK(tape[relu_at].scope() == "1");
  CHECK(tape[relu_at].shape() == Shape{1, 2, 6, 6});
  CHECK(tape[relu_at].inputs() == std::vector<int>{relu_at - 1});
  CHECK(tape[pool_at].name() == std::string("max_pool2d"));
  CHECK(tape[pool_at].scope() == "2");
  CHECK(tape[pool_at].inputs() == std::vector<int>{relu_at});
}

TEST_CASE("a ReLU takes the numbers of the layer before if nobody else holds them") {
  const float* made = nullptr;
  const auto layer = [&](const Tensor& x) {
    Tensor y = x * 3;
    made = y.data<float>().data();
    return y;
  };
  const Tensor x = randn({4, 5});
  const nn::Sequential net{layer, nn::ReLU()};
  Tensor y = net(x);
  CHECK(y.data<float>().data() == made);
  CHECK(equal(y, relu(x * 3)));
  Tensor kept, seen;
  const nn::Sequential holds{[&](const Tensor& in) { return kept = in * 3; }, nn::ReLU()};
  const nn::Sequential views{[&](const Tensor& in) {
                               const Tensor all = in * 3;
                               seen = all[0];
                               return all;
                             },
                             nn::ReLU()};
  y = holds(x);
  CHECK(equal(kept, x * 3));
  CHECK(equal(y, relu(x * 3)));
  y = views(x);
  CHECK(equal(seen, x[0] * 3));
  CHECK(equal(y, relu(x * 3)));
  const nn::Sequential first{nn::ReLU()};
  const Tensor before = x.clone();
  y = first(x);
  CHECK(equal(x, before));
}

TEST_CASE("a ReLU leaves alone what the walk reads, and what its caller needs afterwards") {
  const Tensor x = randn({4, 5});
  const nn::Sequential saved{nn::Tanh(), nn::ReLU()}, twice{[](const Tensor&in) { return in * 3; }, Residual()};
  const auto tanh_relu = [](const Tensor& in) { return relu(tanh(in)); };
  const auto residual = [](const Tensor& in) { return relu(in * 3) + in * 3; };
  const std::vector<Tensor> a = results(saved, x), b = results(tanh_relu, x);
  const std::vector<Tensor> c = results(twice, x), d = results(residual, x);
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(equal(a[i], b[i]));
    CHECK(allclose(c[i], d[i]));
  }
}

TEST_CASE("hooks and observers see the true values between a ReLU and its max-pool") {
  nn::Sequential net{nn::Conv2d(1, 2, 3), nn::ReLU(), nn::MaxPool2d(2)};
  const Tensor x = randn({1, 1, 8, 8});
  const Tensor made = conv2d(x, net.get<nn::Conv2d>(0).weight, net.get<nn::Conv2d>(0).bias), cut = relu(made);
  struct Watch : Observer {
    void on_record(const RecordEvent& e) override { values.push_back(e.value); }
    std::vector<Tensor> values;
  } watch;
  {
    const Observing observing(watch);
    Tape tape;
    (void)net(x);
  }
  CHECK(equal(watch.values.at(watch.values.size() - 3), made));
  CHECK(equal(watch.values.at(watch.values.size() - 2), cut));
  Tensor seen, made_seen;
  auto hook = net[1].on_forward([&](const Tensor& y) { seen = y.detach(); });
  auto other = net[0].on_forward([&](const Tensor& y) { made_seen = y.detach(); });
  Tape tape;
  const Tensor y = net(x);
  CHECK(equal(seen, cut));
  CHECK(equal(made_seen, made));
  CHECK(equal(y, max_pool2d(cut, 2)));
}

TEST_CASE("an error in a max-pool after a ReLU changes nothing of the next call") {
  const nn::Sequential net{nn::ReLU(), nn::MaxPool2d(9)};
  const Tensor x = randn({1, 1, 4, 4});
  CHECK_SAYS(net(x), "max_pool2d: the window is larger than the padded input");
  CHECK_SAYS(net(ones({1, 1, 4, 4}, i64)), "relu", "i64");
  CHECK(equal(max_pool2d(x, 2), max_pool2d(x.clone(), 2)));
  CHECK(equal(relu(x), where(x > 0, x, 0)));
}

TEST_CASE("relu's rule may write into its gradient, but not where somebody looks") {
  Tensor x = randn({5, 6}).requires_grad_();
  const auto loss = [&] { return sum(square(relu(x * 2) + 1)); };
  Tensor want;
  {
    Tape tape;
    tape.backward(loss());
    want = x.grad();
    x.zero_grad();
  }
  Tape tape;
  const Tensor y = loss();
  BackwardPass pass(tape, y, {.keep = true});
  int met = 0;
  while (pass.step())
    if (tape[pass.node()].name() == std::string("relu")) {
      CHECK(equal(pass.grad(), 2 * (relu(x.detach() * 2) + 1)));
      ++met;
    }
  CHECK(met == 1);
  CHECK(equal(x.grad(), want));
  const Tensor cotangent = ones({5, 6});
  const Tensor z = relu(x * 2);
  const Tensor g = tape.gradient(z, {x}, {.cotangent = cotangent})[0];
  CHECK(equal(cotangent, ones({5, 6})));
  CHECK(equal(g, where(x > 0, full({5, 6}, 2), 0)));
  const Tensor sums = z * 3;
  const std::vector<Tensor> both = tape.gradient(sum(sums), {z, x});
  CHECK(equal(both[0], full({5, 6}, 3)));
  CHECK(equal(both[1], where(x > 0, full({5, 6}, 6), 0)));
}

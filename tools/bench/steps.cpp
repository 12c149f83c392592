// Whole training steps: forward, loss, walk back, update, zero_grad, in f32.
//
//   bench_steps WORKLOAD THREADS SECONDS      one line: median process-CPU and wall milliseconds per step, steps run
//   bench_steps WORKLOAD THREADS SECONDS deterministic      what set_deterministic costs: wall milliseconds off and on,
//                                                           and their ratio
//
// bench_steps_torch does the same work on libtorch; tools/bench/compare runs the two side by side.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <gradus/gradus.hpp>

#include "bench/clock.hpp"
#include "bench/nets.hpp"

using namespace gradus;

namespace {

using Step = std::function<void()>;

// A step of `net` with `opt`: loss() records it.
template <class Net, class Optimizer, class Loss>
Step training(std::shared_ptr<Net> net, Optimizer opt, Loss loss) {
  auto o = std::make_shared<Optimizer>(std::move(opt));
  return [net, o, loss] {
    Tape tape;
    tape.backward(loss(*net));
    o->step();
    o->zero_grad();
  };
}

template <class Net>
auto classes(Tensor x, Tensor y) {
  return [x, y](const Net& net) { return cross_entropy(net(x), y); };
}

using nn::Sequential;

Step w1() {
  auto net = std::make_shared<Sequential>(Sequential{nn::Linear(2, 8), nn::Tanh(), nn::Linear(8, 1)});
  const Tensor x = randn({4, 2}), y = randn({4, 1});
  return training(net, optim::SGD(*net, {.lr = 0.01}), [=](const Sequential& n) { return mse_loss(n(x), y); });
}

Step w2() {
  auto net = std::make_shared<Sequential>(bench::mlp());
  return training(net, optim::Adam(*net, {.lr = 1e-3}), classes<Sequential>(randn({64, 784}), randint(0, 10, {64})));
}

Step w3() {
  auto net = std::make_shared<Sequential>(
      Sequential{nn::Linear(784, 1024), nn::ReLU(), nn::Linear(1024, 1024), nn::ReLU(), nn::Linear(1024, 10)});
  return training(net, optim::Adam(*net, {.lr = 1e-3}), classes<Sequential>(randn({128, 784}), randint(0, 10, {128})));
}

Step w4() {
  auto net = std::make_shared<Sequential>(bench::lenet());
  return training(net, optim::SGD(*net, {.lr = 0.01, .momentum = 0.9}),
                  classes<Sequential>(randn({64, 1, 28, 28}), randint(0, 10, {64})));
}

Step w5() {
  auto net = std::make_shared<Sequential>(Sequential{nn::Conv2d(1, 32, 3), nn::ReLU(), nn::Conv2d(32, 64, 3),
                                                     nn::ReLU(), nn::MaxPool2d(2), nn::Flatten(),
                                                     nn::Linear(64 * 12 * 12, 128), nn::ReLU(), nn::Linear(128, 10)});
  return training(net, optim::Adam(*net, {.lr = 1e-3}),
                  classes<Sequential>(randn({64, 1, 28, 28}), randint(0, 10, {64})));
}

Step w6() {
  auto net = std::make_shared<bench::Gpt>();
  return training(net, optim::AdamW(*net, {.lr = 1e-3}),
                  classes<bench::Gpt>(randint(0, bench::vocabulary, {12, bench::block}),
                                      randint(0, bench::vocabulary, {12 * bench::block})));
}

struct CharLstm : nn::Module<CharLstm> {
  nn::Embedding tokens{bench::vocabulary, 128};
  nn::LSTM lstm{128, 128};
  nn::Linear head{128, bench::vocabulary};

  Tensor forward(Arg ids) const { return reshape(head(lstm(tokens(ids)).y), {-1, bench::vocabulary}); }
  void fields(auto& v) { v("tokens", tokens), v("lstm", lstm), v("head", head); }
};

Step w7() {
  auto net = std::make_shared<CharLstm>();
  return training(net, optim::Adam(*net, {.lr = 1e-3}),
                  classes<CharLstm>(randint(0, bench::vocabulary, {64, 32}), randint(0, bench::vocabulary, {64 * 32})));
}

// One sample, as in reinforcement learning: nearly all is the framework.
Step batch_1() {
  auto net = std::make_shared<Sequential>(
      Sequential{nn::Linear(4, 64), nn::Tanh(), nn::Linear(64, 64), nn::Tanh(), nn::Linear(64, 2)});
  const Tensor x = randn({1, 4}), y = randn({1, 2});
  return training(net, optim::SGD(*net, {.lr = 0.01}), [=](const Sequential& n) { return mse_loss(n(x), y); });
}

// A physics-informed network: the loss is the residual of u'' + u = 0, and u'' comes of two recorded walks.
Step pinn() {
  auto net = std::make_shared<Sequential>(
      Sequential{nn::Linear(1, 20), nn::Tanh(), nn::Linear(20, 20), nn::Tanh(), nn::Linear(20, 1)});
  const Tensor x = reshape(linspace(0, 6, 64), {64, 1}), one = ones({64, 1});
  return training(net, optim::Adam(*net, {.lr = 1e-3}), [=](const Sequential& n) {
    Tape& tape = *Tape::current();
    tape.watch(x);
    const auto derivative = [&](const Tensor& y) {
      return tape.gradient(y, {x}, {.record = true, .cotangent = one})[0];
    };
    const Tensor u = n(x);
    return mean(square(derivative(derivative(u)) + u));
  });
}

// The optimizer alone, on ten million numbers.
template <class Optimizer, class Options>
Step w8(std::int64_t tensors, Options options) {
  std::vector<Tensor> parameters;
  for (std::int64_t i = 0; i < tensors; ++i) {
    Tensor p = randn({10'000'000 / tensors}).requires_grad_();
    p.set_grad(randn(p.shape()));
    parameters.push_back(p);
  }
  auto opt = std::make_shared<Optimizer>(parameters, options);
  return [opt] { opt->step(); };
}

// One operation on millions of numbers: "W9-relu-16M", and "W9-relu-16M-grad" for the way there and back.
Tensor operation(const std::string& name, const Tensor& x, const Tensor& b) {
  if (name == "relu") return relu(x);
  if (name == "add") return add(x, b);
  if (name == "exp") return exp(x);
  if (name == "tanh") return tanh(x);
  if (name == "gelu") return gelu(x, Gelu::tanh);
  if (name == "softmax") return softmax(x, -1);
  if (name == "layernorm") return layer_norm(x, {x.size(-1)});
  if (name == "sum") return sum(x);
  if (name == "transpose") return contiguous(x.t());
  return {};
}

Step w9(const std::string& workload) {
  const auto dash = workload.find('-', 3);
  if (dash == workload.npos) return {};
  const std::string name = workload.substr(3, dash - 3), rest = workload.substr(dash + 1);
  const std::int64_t millions = std::atoi(rest.c_str());
  if (millions < 1 || millions > 64 || !operation(name, zeros({2, 2}), zeros({2, 2})).defined()) return {};
  Tensor x = randn({millions * 1024, 1024}), b = randn({millions * 1024, 1024});
  if (rest.find("-grad") == rest.npos) return [=] { operation(name, x, b); };
  x.requires_grad_();
  const Tensor g = randn(operation(name, x, b).shape());
  return [=] {
    Tape tape;
    tape.gradient(operation(name, x, b), {x}, {.cotangent = g});
  };
}

// A residual block (He and others, 2016) of 3x3 kernels with batch norm, which may halve the image.
struct Residual : nn::Module<Residual> {
  nn::Conv2d conv1, conv2, shortcut;
  nn::BatchNorm2d norm1, norm2, norm3;
  bool same;

  Residual(std::int64_t in, std::int64_t out)
      : conv1(in, out, 3, {.stride = in == out ? 1 : 2, .padding = 1, .bias = false}),
        conv2(out, out, 3, {.padding = 1, .bias = false}),
        shortcut(in, out, 1, {.stride = in == out ? 1 : 2, .bias = false}),
        norm1(out),
        norm2(out),
        norm3(out),
        same(in == out) {}
  Tensor forward(Arg x) const {
    const Tensor y = norm2(conv2(relu(norm1(conv1(x)))));
    return relu(y + (same ? x.tensor() : norm3(shortcut(x))));
  }
  void fields(auto& v) {
    v("conv1", conv1), v("conv2", conv2), v("norm1", norm1), v("norm2", norm2);
    if (!same) v("shortcut", shortcut), v("norm3", norm3);
  }
};

Step w10() {
  auto net = std::make_shared<Sequential>(
      Sequential{Residual(64, 64), Residual(64, 128), nn::AdaptiveAvgPool2d(1), nn::Flatten(), nn::Linear(128, 10)});
  return training(net, optim::SGD(*net, {.lr = 0.01, .momentum = 0.9}),
                  classes<Sequential>(randn({64, 64, 14, 14}), randint(0, 10, {64})));
}

// "gemm-64x128x784": a matrix product alone, m x n x k.
Step gemm(const std::string& workload) {
  long m = 0, n = 0, k = 0;
  if (std::sscanf(workload.c_str(), "gemm-%ldx%ldx%ld", &m, &n, &k) != 3 || m < 1 || n < 1 || k < 1) return {};
  const Tensor a = randn({m, k}), b = randn({k, n});
  return [=] { matmul(a, b); };
}

const std::map<std::string, Step (*)()> workloads{
    {"W1", w1},
    {"W2", w2},
    {"W3", w3},
    {"W4", w4},
    {"W5", w5},
    {"W6", w6},
    {"W7", w7},
    {"W10", w10},
    {"batch-1", batch_1},
    {"PINN", pinn},
    {"W8-adam-1", [] { return w8<optim::Adam>(1, optim::AdamOptions{.lr = 1e-3}); }},
    {"W8-adam-1000", [] { return w8<optim::Adam>(1000, optim::AdamOptions{.lr = 1e-3}); }},
    {"W8-sgd-1", [] { return w8<optim::SGD>(1, optim::SGDOptions{.lr = 1e-3}); }},
    {"W8-sgd-1000", [] { return w8<optim::SGD>(1000, optim::SGDOptions{.lr = 1e-3}); }},
};

}  // namespace

int main(int count, char** argument) {
  Step step;
  if (count == 4 || (count == 5 && std::string(argument[4]) == "deterministic")) {
    set_num_threads(std::max(1, std::atoi(argument[2])));
    manual_seed(1);
    const auto found = workloads.find(argument[1]);
    const std::string name = argument[1];
    step = found != workloads.end() ? found->second() : name.starts_with("gemm") ? gemm(name) : w9(name);
  }
  if (!step) {
    std::fprintf(stderr, "usage: bench_steps WORKLOAD THREADS SECONDS [deterministic]\nworkloads: gemm-MxNxK");
    for (const auto& [name, make] : workloads) std::fprintf(stderr, " %s", name.c_str());
    std::fprintf(stderr, " W9-(relu|add|exp|tanh|gelu|softmax|layernorm|sum|transpose)-(1|4|16)M[-grad]\n");
    return 2;
  }
  if (count == 5)
    bench::report_both(step, set_deterministic, std::atof(argument[3]));
  else
    bench::report(step, std::atof(argument[3]));
}

// The training steps of ../steps.cpp on libtorch: same shapes, same work.
#include <torch/torch.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "bench/clock.hpp"

namespace {

using torch::Tensor;
using Step = std::function<void()>;
namespace nn = torch::nn;
namespace optim = torch::optim;

template <class Net, class Optimizer, class Loss>
Step training(Net net, std::shared_ptr<Optimizer> opt, Loss loss) {
  return [net, opt, loss]() mutable {
    opt->zero_grad();
    loss(net).backward();
    opt->step();
  };
}

template <class Net>
auto classes(Tensor x, Tensor y) {
  return [x, y](Net& net) { return torch::cross_entropy_loss(net->forward(x), y); };
}

Step w1() {
  nn::Sequential net(nn::Linear(2, 8), nn::Tanh(), nn::Linear(8, 1));
  const Tensor x = torch::randn({4, 2}), y = torch::randn({4, 1});
  return training(net, std::make_shared<optim::SGD>(net->parameters(), optim::SGDOptions(0.01)),
                  [=](nn::Sequential& n) { return torch::mse_loss(n->forward(x), y); });
}

Step w2() {
  nn::Sequential net(nn::Linear(784, 128), nn::ReLU(), nn::Linear(128, 10));
  return training(net, std::make_shared<optim::Adam>(net->parameters(), optim::AdamOptions(1e-3)),
                  classes<nn::Sequential>(torch::randn({64, 784}), torch::randint(0, 10, {64}, torch::kLong)));
}

Step w3() {
  nn::Sequential net(nn::Linear(784, 1024), nn::ReLU(), nn::Linear(1024, 1024), nn::ReLU(), nn::Linear(1024, 10));
  return training(net, std::make_shared<optim::Adam>(net->parameters(), optim::AdamOptions(1e-3)),
                  classes<nn::Sequential>(torch::randn({128, 784}), torch::randint(0, 10, {128}, torch::kLong)));
}

Step w4() {
  nn::Sequential net(nn::Conv2d(1, 6, 5), nn::ReLU(), nn::MaxPool2d(2), nn::Conv2d(6, 16, 5), nn::ReLU(),
                     nn::MaxPool2d(2), nn::Flatten(), nn::Linear(256, 120), nn::ReLU(), nn::Linear(120, 84), nn::ReLU(),
                     nn::Linear(84, 10));
  return training(net, std::make_shared<optim::SGD>(net->parameters(), optim::SGDOptions(0.01).momentum(0.9)),
                  classes<nn::Sequential>(torch::randn({64, 1, 28, 28}), torch::randint(0, 10, {64}, torch::kLong)));
}

Step w5() {
  nn::Sequential net(nn::Conv2d(1, 32, 3), nn::ReLU(), nn::Conv2d(32, 64, 3), nn::ReLU(), nn::MaxPool2d(2),
                     nn::Flatten(), nn::Linear(64 * 12 * 12, 128), nn::ReLU(), nn::Linear(128, 10));
  return training(net, std::make_shared<optim::Adam>(net->parameters(), optim::AdamOptions(1e-3)),
                  classes<nn::Sequential>(torch::randn({64, 1, 28, 28}), torch::randint(0, 10, {64}, torch::kLong)));
}

constexpr std::int64_t vocabulary = 65, width = 128, heads = 4, depth = 4, block = 64;

struct BlockImpl : nn::Module {
  nn::LayerNorm ln1{nn::LayerNormOptions({width})}, ln2{nn::LayerNormOptions({width})};
  nn::Linear qkv{width, 3 * width}, proj{width, width}, up{width, 4 * width}, down{4 * width, width};
  Tensor hidden = torch::triu(torch::ones({block, block}, torch::kBool), 1);

  BlockImpl() {
    register_module("ln1", ln1), register_module("ln2", ln2), register_module("qkv", qkv);
    register_module("proj", proj), register_module("up", up), register_module("down", down);
  }
  Tensor forward(const Tensor& x) {
    const auto n = x.size(0), t = x.size(1);
    const auto packed = qkv(ln1(x)).view({n, t, 3, heads, width / heads}).permute({2, 0, 3, 1, 4});
    const Tensor scores = torch::matmul(packed[0], packed[1].transpose(-2, -1)) / std::sqrt(double(width / heads));
    const Tensor y = torch::matmul(torch::softmax(scores.masked_fill(hidden, -INFINITY), -1), packed[2]);
    const Tensor h = x + proj(y.transpose(1, 2).reshape({n, t, width}));
    return h + down(torch::gelu(up(ln2(h))));
  }
};
TORCH_MODULE(Block);

struct GptImpl : nn::Module {
  nn::Embedding tokens{vocabulary, width}, positions{block, width};
  nn::ModuleList blocks;
  nn::LayerNorm ln{nn::LayerNormOptions({width})};
  nn::Linear head{nn::LinearOptions(width, vocabulary).bias(false)};
  Tensor at = torch::arange(block);

  GptImpl() {
    register_module("tokens", tokens), register_module("positions", positions), register_module("blocks", blocks);
    register_module("ln", ln), register_module("head", head);
    for (int i = 0; i < depth; ++i) blocks->push_back(Block());
  }
  Tensor forward(const Tensor& ids) {
    Tensor x = tokens(ids) + positions(at);
    for (const auto& b : *blocks) x = b->as<Block>()->forward(x);
    return head(ln(x)).view({-1, vocabulary});
  }
};
TORCH_MODULE(Gpt);

Step w6() {
  Gpt net;
  return training(net, std::make_shared<optim::AdamW>(net->parameters(), optim::AdamWOptions(1e-3)),
                  classes<Gpt>(torch::randint(0, vocabulary, {12, block}, torch::kLong),
                               torch::randint(0, vocabulary, {12 * block}, torch::kLong)));
}

struct CharLstmImpl : nn::Module {
  nn::Embedding tokens{vocabulary, 128};
  nn::LSTM lstm{nn::LSTMOptions(128, 128)};
  nn::Linear head{128, vocabulary};

  CharLstmImpl() { register_module("tokens", tokens), register_module("lstm", lstm), register_module("head", head); }
  Tensor forward(const Tensor& ids) { return head(std::get<0>(lstm(tokens(ids)))).view({-1, vocabulary}); }
};
TORCH_MODULE(CharLstm);

Step w7() {
  CharLstm net;
  return training(net, std::make_shared<optim::Adam>(net->parameters(), optim::AdamOptions(1e-3)),
                  classes<CharLstm>(torch::randint(0, vocabulary, {64, 32}, torch::kLong),
                                    torch::randint(0, vocabulary, {64 * 32}, torch::kLong)));
}

Step batch_1() {
  nn::Sequential net(nn::Linear(4, 64), nn::Tanh(), nn::Linear(64, 64), nn::Tanh(), nn::Linear(64, 2));
  const Tensor x = torch::randn({1, 4}), y = torch::randn({1, 2});
  return training(net, std::make_shared<optim::SGD>(net->parameters(), optim::SGDOptions(0.01)),
                  [=](nn::Sequential& n) { return torch::mse_loss(n->forward(x), y); });
}

Step pinn() {
  nn::Sequential net(nn::Linear(1, 20), nn::Tanh(), nn::Linear(20, 20), nn::Tanh(), nn::Linear(20, 1));
  const Tensor x = torch::linspace(0, 6, 64).unsqueeze(1).requires_grad_(), one = torch::ones({64, 1});
  return training(
      net, std::make_shared<optim::Adam>(net->parameters(), optim::AdamOptions(1e-3)), [=](nn::Sequential& n) {
        x.mutable_grad() = Tensor();
        const auto derivative = [&](const Tensor& y) { return torch::autograd::grad({y}, {x}, {one}, true, true)[0]; };
        const Tensor u = n->forward(x);
        return torch::mean(torch::square(derivative(derivative(u)) + u));
      });
}

template <class Optimizer, class Options>
Step w8(std::int64_t tensors, Options options) {
  std::vector<Tensor> parameters;
  for (std::int64_t i = 0; i < tensors; ++i) {
    Tensor p = torch::randn({10'000'000 / tensors}).requires_grad_();
    p.mutable_grad() = torch::randn(p.sizes());
    parameters.push_back(p);
  }
  auto opt = std::make_shared<Optimizer>(parameters, options);
  return [opt] { opt->step(); };
}

Tensor operation(const std::string& name, const Tensor& x, const Tensor& b) {
  if (name == "relu") return torch::relu(x);
  if (name == "add") return torch::add(x, b);
  if (name == "exp") return torch::exp(x);
  if (name == "tanh") return torch::tanh(x);
  if (name == "gelu") return torch::gelu(x, "tanh");
  if (name == "softmax") return torch::softmax(x, -1);
  if (name == "layernorm") return torch::layer_norm(x, {x.size(-1)});
  if (name == "sum") return torch::sum(x);
  if (name == "transpose") return x.t().contiguous();
  return {};
}

Step w9(const std::string& workload) {
  const auto dash = workload.find('-', 3);
  if (dash == workload.npos) return {};
  const std::string name = workload.substr(3, dash - 3), rest = workload.substr(dash + 1);
  const std::int64_t millions = std::atoi(rest.c_str());
  Tensor x = torch::randn({millions * 1024, 1024}), b = torch::randn({millions * 1024, 1024});
  if (rest.find("-grad") == rest.npos)
    return [=] {
      const torch::NoGradGuard off;
      operation(name, x, b);
    };
  x.requires_grad_();
  const Tensor g = torch::randn(operation(name, x, b).sizes());
  return [=] { torch::autograd::grad({operation(name, x, b)}, {x}, {g}); };
}

struct ResidualImpl : nn::Module {
  nn::Conv2d conv1{nullptr}, conv2{nullptr}, shortcut{nullptr};
  nn::BatchNorm2d norm1{nullptr}, norm2{nullptr}, norm3{nullptr};

  ResidualImpl(std::int64_t in, std::int64_t out) {
    const std::int64_t stride = in == out ? 1 : 2;
    conv1 = register_module("conv1", nn::Conv2d(nn::Conv2dOptions(in, out, 3).stride(stride).padding(1).bias(false)));
    conv2 = register_module("conv2", nn::Conv2d(nn::Conv2dOptions(out, out, 3).padding(1).bias(false)));
    norm1 = register_module("norm1", nn::BatchNorm2d(out));
    norm2 = register_module("norm2", nn::BatchNorm2d(out));
    if (in == out) return;
    shortcut = register_module("shortcut", nn::Conv2d(nn::Conv2dOptions(in, out, 1).stride(stride).bias(false)));
    norm3 = register_module("norm3", nn::BatchNorm2d(out));
  }
  Tensor forward(const Tensor& x) {
    const Tensor y = norm2(conv2(torch::relu(norm1(conv1(x)))));
    return torch::relu(y + (shortcut ? norm3(shortcut(x)) : x));
  }
};
TORCH_MODULE(Residual);

Step w10() {
  nn::Sequential net(Residual(64, 64), Residual(64, 128), nn::AdaptiveAvgPool2d(1), nn::Flatten(), nn::Linear(128, 10));
  return training(net, std::make_shared<optim::SGD>(net->parameters(), optim::SGDOptions(0.01).momentum(0.9)),
                  classes<nn::Sequential>(torch::randn({64, 64, 14, 14}), torch::randint(0, 10, {64}, torch::kLong)));
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
    {"W8-adam-1", [] { return w8<optim::Adam>(1, optim::AdamOptions(1e-3)); }},
    {"W8-adam-1000", [] { return w8<optim::Adam>(1000, optim::AdamOptions(1e-3)); }},
    {"W8-sgd-1", [] { return w8<optim::SGD>(1, optim::SGDOptions(1e-3)); }},
    {"W8-sgd-1000", [] { return w8<optim::SGD>(1000, optim::SGDOptions(1e-3)); }},
};

}  // namespace

int main(int count, char** argument) {
  Step step;
  if (count == 4) {
    torch::set_num_threads(std::atoi(argument[2]));
    torch::manual_seed(1);
    const auto found = workloads.find(argument[1]);
    step = found != workloads.end() ? found->second() : w9(argument[1]);
  }
  if (!step) {
    std::fprintf(stderr, "usage: bench_steps_torch WORKLOAD THREADS SECONDS\n");
    return 2;
  }
  bench::report(step, std::atof(argument[3]));
}

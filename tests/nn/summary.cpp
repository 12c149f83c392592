#include <gradus/nn/nn.hpp>
#include <gradus/ops.hpp>

#include <string>

#include "support.hpp"

using namespace gradus;

namespace {

struct Net : nn::Module<Net> {
  nn::Sequential features{nn::Conv2d(1, 8, 3, {.padding = 1}), nn::BatchNorm2d(8), nn::ReLU(), nn::MaxPool2d(2)};
  nn::Linear head{128, 1000};
  Parameter scale = ones({1});
  nn::Identity unused;
  Tensor forward(const Tensor& x) const { return head(flatten(features(x), 1)) * scale; }
  void fields(auto& v) { v("features", features), v("head", head), v("scale", scale), v("unused", unused); }
};

}  // namespace

TEST_CASE("a network as a table") {
  Net net;
  net.features.requires_grad_(false);
  CHECK('\n' + nn::summary(net, {1, 1, 8, 8}) == R"(
layer        type          details                  output         parameters
─────────────────────────────────────────────────────────────────────────────
Net                                                 (1, 1000)               1
  features   Sequential                             (1, 8, 4, 4)
    0        Conv2d        1 -> 8, 3x3, padding 1   (1, 8, 8, 8)           80
    1        BatchNorm2d   8                        (1, 8, 8, 8)           16
    2        ReLU                                   (1, 8, 8, 8)
    3        MaxPool2d     2x2                      (1, 8, 4, 4)
  head       Linear        128 -> 1000              (1, 1000)         129,000
  unused     Identity                               not called
─────────────────────────────────────────────────────────────────────────────
129,097 parameters (516.4 kB), 129,001 trainable
)");
}

TEST_CASE("without an example, and with nothing to say, columns are missing") {
  CHECK('\n' +
            nn::summary(nn::Sequential{nn::Linear(2, 2, {.bias = false, .dtype = f64}), [](Tensor x) { return x; }}) ==
        R"(
layer        type     details           parameters
──────────────────────────────────────────────────
Sequential
  0          Linear   2 -> 2, no bias            4
  1          lambda
──────────────────────────────────────────────────
4 parameters (32 bytes), all trainable
)");
  CHECK('\n' + nn::summary(nn::Sequential{nn::ReLU()}) == R"(
layer        type
─────────────────
Sequential
  0          ReLU
─────────────────
no parameters
)");
}

TEST_CASE("the network is left as it was, and a live tape too") {
  Net net;
  net.features.eval();
  Tape tape;
  nn::summary(net, {2, 1, 8, 8});
  CHECK(tape.size() == 0);
  CHECK(net.is_training());
  CHECK_FALSE(net.features.is_training());
  CHECK_SAYS(nn::summary(net, {2, 3, 8, 8}), "conv2d: the channels of x, weight and groups do not match",
             "tests/nn/summary.cpp:");
  CHECK(net.is_training());
  CHECK(net.head.is_training());
}

TEST_CASE("the example has the network's dtype, or is given") {
  nn::Sequential net{nn::Linear(2, 1, {.dtype = f64})};
  CHECK(support::contains(nn::summary(net, {1, 2}), "(1, 1)"));
  nn::Sequential tokens{nn::Embedding(10, 4), nn::Linear(4, 2)};
  CHECK(support::contains(nn::summary(tokens, zeros({1, 3}, i64)), "(1, 3, 2)"));
}

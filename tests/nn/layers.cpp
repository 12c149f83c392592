// Layers: values by hand, where they start, what they refuse.
#include <gradus/nn/nn.hpp>
#include <gradus/ops.hpp>

#include <cmath>

#include "support.hpp"

using namespace gradus;

namespace {

Tensor image(std::int64_t h, std::int64_t w) { return arange(0, static_cast<double>(h * w)).reshape({1, 1, h, w}); }

}  // namespace

TEST_CASE("Linear") {
  nn::Linear layer(2, 3);
  CHECK(layer.weight.shape() == Shape{3, 2});
  CHECK(layer.describe() == "2 -> 3");
  layer.weight = tensor({{1, 2}, {3, 4}, {5, 6}});
  layer.bias = tensor({1, 0, -1});
  CHECK(allclose(layer(tensor({{1, 1}, {0, 2}})), tensor({{4, 7, 10}, {5, 8, 11}})));
  CHECK(layer(ones({2})).shape() == Shape{3});
  CHECK(layer(ones({4, 5, 2})).shape() == Shape{4, 5, 3});
  CHECK(layer.weight.requires_grad());

  const nn::Linear plain(4, 1, {.bias = false, .dtype = f64});
  CHECK_FALSE(plain.bias.defined());
  CHECK(plain.named_parameters().size() == 1);
  CHECK(plain(ones({1, 4}, f64)).dtype() == f64);
  CHECK(plain.describe() == "4 -> 1, no bias");

  CHECK_SAYS(nn::Linear(0, 3), "Linear: in_features is too small", "got:      0", "1 or more", "tests/nn/layers.cpp:");
  CHECK_SAYS(nn::Linear(3, -1), "Linear: out_features is too small", "got:      -1");
  CHECK_SAYS(nn::Linear(3, 1, {.dtype = i64}), "Linear: a layer needs a floating-point dtype", "got:      i64");
  CHECK_SAYS(layer(ones({5, 3})), "linear: the input has the wrong number of features", "(5, 3)", "(3, 2)",
             "tests/nn/layers.cpp:");
  CHECK_SAYS(layer(ones({5, 2}, f64)), "dtypes differ", "tests/nn/layers.cpp:");
}

TEST_CASE("Conv2d") {
  nn::Conv2d layer(1, 2, {2, 1}, {.stride = {1, 2}});
  CHECK(layer.weight.shape() == Shape{2, 1, 2, 1});
  CHECK(layer.describe() == "1 -> 2, 2x1, stride 1x2");
  layer.weight = tensor({1, 2, -1, 0}).reshape({2, 1, 2, 1});
  layer.bias = tensor({0, 10});
  // 0 1 2 / 3 4 5: columns 0 and 2.
  CHECK(allclose(layer(image(2, 3)), tensor({6, 12, 10, 8}).reshape({1, 2, 1, 2})));

  const nn::Conv2d grouped(4, 6, 3, {.padding = 1, .dilation = 2, .groups = 2, .bias = false});
  CHECK(grouped.weight.shape() == Shape{6, 2, 3, 3});
  CHECK(grouped(zeros({1, 4, 8, 8})).shape() == Shape{1, 6, 6, 6});
  CHECK(grouped.describe() == "4 -> 6, 3x3, padding 1, dilation 2, groups 2, no bias");

  CHECK_SAYS(nn::Conv2d(3, 4, 0), "Conv2d: kernel_size is too small", "tests/nn/layers.cpp:");
  CHECK_SAYS(nn::Conv2d(3, 4, 3, {.stride = {1, 0}}), "Conv2d: stride is too small");
  CHECK_SAYS(nn::Conv2d(3, 4, 3, {.padding = -1}), "Conv2d: padding is too small", "0 or more");
  CHECK_SAYS(nn::Conv2d(3, 4, 3, {.groups = 2}), "Conv2d: in_channels is not divisible by groups",
             "in_channels 3, groups 2");
  CHECK_SAYS(layer(zeros({1, 3, 8, 8})), "conv2d: the channels of x, weight and groups do not match", "(1, 3, 8, 8)",
             "(2, 1, 2, 1)");
  CHECK_SAYS(layer(zeros({8, 8})), "conv2d", "(N, C, H, W)", "tests/nn/layers.cpp:");
}

TEST_CASE("pooling") {
  CHECK(allclose(nn::MaxPool2d(2)(image(4, 4)), tensor({5, 7, 13, 15}).reshape({1, 1, 2, 2})));
  CHECK(allclose(nn::AvgPool2d(2)(image(4, 4)), tensor({2.5, 4.5, 10.5, 12.5}).reshape({1, 1, 2, 2})));
  CHECK(nn::MaxPool2d({2, 3}, {.stride = 1})(image(4, 4)).shape() == Shape{1, 1, 3, 2});
  CHECK(allclose(nn::AdaptiveAvgPool2d(1)(image(2, 3)), full({1, 1, 1, 1}, 2.5)));
  CHECK(nn::AdaptiveAvgPool2d({3, 2})(image(7, 5)).shape() == Shape{1, 1, 3, 2});
  CHECK(nn::MaxPool2d({2, 3}, {.stride = 1, .padding = {1, 0}}).describe() == "2x3, stride 1, padding 1x0");
  CHECK(nn::AvgPool2d(2, {.stride = 2}).describe() == "2x2");
  CHECK(nn::AdaptiveAvgPool2d({3, 2}).describe() == "to 3x2");
  CHECK_SAYS(nn::MaxPool2d(0), "MaxPool2d: kernel_size is too small", "tests/nn/layers.cpp:");
  CHECK_SAYS(nn::AvgPool2d(2, {.padding = -1}), "AvgPool2d: padding is too small");
  CHECK_SAYS(nn::AdaptiveAvgPool2d({1, 0}), "AdaptiveAvgPool2d: output_size is too small");
}

TEST_CASE("Flatten and Identity") {
  const Tensor x = zeros({2, 3, 4, 5});
  CHECK(nn::Flatten()(x).shape() == Shape{2, 60});
  CHECK(nn::Flatten(0, 1)(x).shape() == Shape{6, 4, 5});
  CHECK(equal(nn::Identity()(x), x));
}

TEST_CASE("Dropout drops while training only, and keeps the mean") {
  manual_seed(3);
  nn::Dropout layer(0.25);
  const Tensor x = ones({10000}), y = layer(x);
  std::int64_t dropped = 0, scaled = 0;
  for (const double v : y.to_vector()) dropped += v == 0, scaled += std::abs(v - 4.0 / 3) < 1e-6;
  CHECK(dropped + scaled == 10000);
  CHECK(std::abs(dropped - 2500) < 200);
  CHECK(equal(layer.eval()(x), x));
  CHECK_SAYS(nn::Dropout(1.5), "Dropout: p is not a probability", "got:      1.5", "tests/nn/layers.cpp:");
}

TEST_CASE("Embedding") {
  manual_seed(1);
  nn::Embedding layer(4, 3, {.padding_idx = 2});
  CHECK(equal(layer.weight.detach()[2], zeros({3})));
  const Tensor x = from_data(std::vector<std::int64_t>{0, 2, 0, 3}, {2, 2});
  Tape tape;
  const Tensor y = layer(x);
  CHECK(y.shape() == Shape{2, 2, 3});
  tape.backward(sum(y));
  CHECK(allclose(layer.weight.grad(), tensor({{2, 2, 2}, {0, 0, 0}, {0, 0, 0}, {1, 1, 1}})));
  CHECK(layer.describe() == "4 x 3, padding 2");
  CHECK_SAYS(nn::Embedding(4, 3, {.padding_idx = 4}), "Embedding: padding_idx is not a row", "0 to 3", "layers.cpp:");
  CHECK_SAYS(nn::Embedding(4, 0), "Embedding: embedding_dim is too small");
  CHECK_SAYS(layer(from_data(std::vector<std::int64_t>{4}, {1})), "embedding", "4", "tests/nn/layers.cpp:");
  CHECK_SAYS(layer(ones({1})), "embedding", "i64", "tests/nn/layers.cpp:");
}

TEST_CASE("activations are the functions of their names") {
  const Tensor x = tensor({-25, -1, 0, 0.5, 25});
  CHECK(equal(nn::ReLU()(x), relu(x)));
  CHECK(equal(nn::Tanh()(x), tanh(x)));
  CHECK(equal(nn::Sigmoid()(x), sigmoid(x)));
  CHECK(equal(nn::SiLU()(x), silu(x)));
  CHECK(equal(nn::GELU()(x), gelu(x)));
  CHECK(equal(nn::GELU(Gelu::tanh)(x), gelu(x, Gelu::tanh)));
  CHECK(equal(nn::LeakyReLU(0.2)(x), leaky_relu(x, 0.2)));
  CHECK(equal(nn::ELU(2)(x), elu(x, 2)));
  CHECK(equal(nn::Softplus(2, 10)(x), softplus(x, 2, 10)));
  CHECK(equal(nn::Softmax()(x), softmax(x, -1)));
  CHECK(equal(nn::LogSoftmax(0)(x), log_softmax(x, 0)));
  CHECK(nn::LeakyReLU().describe() == "slope 0.01");
}

TEST_CASE("LayerNorm") {
  nn::LayerNorm layer(2, {.eps = 0});
  CHECK(layer.weight.shape() == Shape{2});
  CHECK(allclose(layer(tensor({{1, 3}, {10, 0}})), tensor({{-1, 1}, {1, -1}})));
  layer.weight = tensor({2, 3}), layer.bias = tensor({0, 1});
  CHECK(allclose(layer(tensor({{1, 3}})), tensor({{-2, 4}})));
  CHECK(nn::LayerNorm({5, 2}).weight.shape() == Shape{5, 2});
  CHECK(nn::LayerNorm(3, {.elementwise_affine = false}).named_parameters().empty());
  CHECK(nn::LayerNorm(3, {.bias = false}).named_parameters().size() == 1);
  CHECK(nn::LayerNorm({5, 2}).describe() == "(5, 2)");
  CHECK_SAYS(nn::LayerNorm(0), "LayerNorm: a size of normalized_shape is too small", "tests/nn/layers.cpp:");
  CHECK_SAYS(nn::LayerNorm(Shape{}), "LayerNorm: normalized_shape is empty");
  CHECK_SAYS(layer(ones({4, 3})), "layer_norm: normalized_shape differs from the last axes", "(2,)", "(4, 3)",
             "layers.cpp:");
}

TEST_CASE("Conv1d and ConvTranspose2d") {
  nn::Conv1d layer(1, 1, 2, {.stride = 2});
  layer.weight = tensor({1, 10}).reshape({1, 1, 2}), layer.bias = tensor({1});
  CHECK(allclose(layer(tensor({1, 2, 3, 4}).reshape({1, 1, 4})), tensor({22, 44}).reshape({1, 1, 2})));
  CHECK(layer.describe() == "1 -> 1, 2, stride 2");
  CHECK_SAYS(nn::Conv1d(1, 1, 0), "Conv1d: kernel_size is too small", "tests/nn/layers.cpp:");

  nn::ConvTranspose2d spread(4, 6, {3, 2}, {.stride = 2, .output_padding = {1, 0}, .groups = 2});
  CHECK(spread.weight.shape() == Shape{4, 3, 3, 2});
  CHECK(spread(zeros({1, 4, 5, 5})).shape() == Shape{1, 6, 12, 10});
  CHECK(spread.describe() == "4 -> 6, 3x2, stride 2, output padding 1x0, groups 2");
  CHECK_SAYS(spread(zeros({1, 3, 5, 5})), "conv_transpose2d: the channels of x, weight and groups do not match",
             "tests/nn/layers.cpp:");
}

TEST_CASE("GroupNorm and RMSNorm") {
  const nn::GroupNorm groups(2, 4, {.eps = 0});
  CHECK(allclose(groups(tensor({{1, 3, 10, 0}})), tensor({{-1, 1, 1, -1}})));
  CHECK(groups.describe() == "4 channels, 2 groups");
  CHECK_SAYS(nn::GroupNorm(3, 4), "GroupNorm: num_channels is not divisible by num_groups", "tests/nn/layers.cpp:");
  CHECK_SAYS(groups(ones({2, 3})), "GroupNorm: the input's axis 1 is not num_channels", "(N, 4, …)");

  nn::RMSNorm rms(2);
  rms.weight = tensor({1, 2});
  CHECK(allclose(rms(tensor({{7, 1}})), tensor({{1.4, 0.4}})));
  CHECK_SAYS(rms(ones({2, 3})), "RMSNorm: the size of the input's last axis is not normalized_size", "(2, 3)",
             "(…, 2)");
}

#include <gradus/nn/nn.hpp>
#include <gradus/ops.hpp>

#include <cmath>

#include "support.hpp"

using namespace gradus;

namespace {
const Tensor& batch() {  // of channel 0: mean 2, variance 2/3, unbiased 1; of channel 1: 10, 200/3, 100
  static const Tensor x = tensor({{1, 0}, {2, 10}, {3, 20}});
  return x;
}
}  // namespace

TEST_CASE("BatchNorm normalises with the batch while training, and remembers it") {
  nn::BatchNorm1d layer(2, {.eps = 0});
  const Tensor y = layer(batch());
  const double s = std::sqrt(1.5);
  CHECK(allclose(y, tensor({{-s, -s}, {0, 0}, {s, s}}), 1e-5, 1e-6));
  CHECK(allclose(layer.running_mean, tensor({0.2, 1})));
  CHECK(allclose(layer.running_var, tensor({1, 10.9})));
  CHECK(layer.num_batches_tracked.item() == 1);
  CHECK(layer.num_batches_tracked.dtype() == i64);
  layer(batch());
  CHECK(allclose(layer.running_mean, tensor({0.38, 1.9})));
  CHECK(allclose(layer.running_var, tensor({1, 19.81})));

  layer.eval();
  CHECK(allclose(layer(batch()), (batch() - layer.running_mean) / sqrt(layer.running_var)));
  CHECK(layer.num_batches_tracked.item() == 2);
  CHECK(layer(tensor({{1, 2}})).shape() == Shape{1, 2});  // one example will do
}

TEST_CASE("momentum of nullopt: the plain average of all batches") {
  nn::BatchNorm1d layer(2, {.momentum = std::nullopt});
  layer(batch());
  CHECK(allclose(layer.running_mean, tensor({2, 10})));
  layer(batch() + 3.0);
  layer(batch() + 6.0);
  CHECK(allclose(layer.running_mean, tensor({5, 13})));
  CHECK(allclose(layer.running_var, tensor({1, 100})));
}

TEST_CASE("without running statistics evaluation takes the batch's too") {
  nn::BatchNorm1d layer(2, {.affine = false, .track_running_stats = false});
  CHECK(layer.state_dict().empty());
  const Tensor training = layer(batch());
  CHECK(equal(layer.eval()(batch()), training));
  CHECK(layer.describe() == "2, not affine, no running statistics");
}

TEST_CASE("PyTorch's names") {
  std::string names;
  for (const auto& [name, value] : nn::BatchNorm2d(3).state_dict()) names += name + to_string(value.shape()) + " ";
  CHECK(names == "weight(3,) bias(3,) running_mean(3,) running_var(3,) num_batches_tracked() ");
}

TEST_CASE("a failure leaves the statistics as they were") {
  nn::BatchNorm1d layer(2);
  layer(batch());
  const StateDict before = nn::BatchNorm1d(layer).state_dict();
  CHECK_SAYS(layer(ones({3, 4})), "BatchNorm1d: the input has 4 channels, num_features is 2", "(N, 2, …)",
             "batch_norm.cpp:");
  CHECK_SAYS(layer(ones({1, 2})), "one value per channel", "batch_norm.cpp:");
  CHECK_SAYS(layer(ones({2})), "BatchNorm1d: the input has the wrong number of axes", "(N, C) or (N, C, L)");
  CHECK_SAYS(layer(ones({3, 2}, f64)), "dtypes differ");
  CHECK_SAYS(nn::BatchNorm2d(2)(ones({3, 2})), "BatchNorm2d: the input has the wrong number of axes", "(N, C, H, W)");
  CHECK_SAYS(nn::BatchNorm2d(0), "BatchNorm2d: num_features is too small", "batch_norm.cpp:");
  for (const auto& [name, value] : layer.state_dict()) CHECK(equal(value, *find(before, name)));
}

TEST_CASE("images: statistics over batch, height and width; gradients reach weight and bias") {
  nn::BatchNorm2d layer(3);
  layer.to(f64);
  const Tensor x = randn({4, 3, 5, 6}, f64);
  Tape tape;
  const Tensor y = layer(x);
  tape.backward(sum(square(y)));
  CHECK(allclose(mean(y.detach(), {0, 2, 3}), zeros({3}, f64), 0, 1e-12));
  CHECK(allclose(layer.running_mean, mean(x, {0, 2, 3}) * 0.1));
  CHECK(allclose(layer.running_var, var(x, {0, 2, 3}) * 0.1 + 0.9));
  CHECK(allclose(layer.bias.grad(), zeros({3}, f64), 0, 1e-10));
  CHECK(allclose(layer.weight.grad(), full({3}, 2.0 * 4 * 5 * 6, f64), 1e-3));
  CHECK_FALSE(layer.running_mean.requires_grad());
}

TEST_CASE("a const network trains its statistics; a copy has its own") {
  const nn::Sequential net{nn::BatchNorm1d(2)};
  const nn::Sequential copy = net;
  net(batch());
  CHECK(net.get<nn::BatchNorm1d>(0).num_batches_tracked.item() == 1);
  CHECK(copy.get<nn::BatchNorm1d>(0).num_batches_tracked.item() == 0);
}

// Normalisation layers: what they check, how they start, and running statistics.
#include <gradus/nn/norm.hpp>

#include <limits>

#include <gradus/op.hpp>
#include <gradus/ops/nn.hpp>

#include "nn/check.hpp"
#include "nn/recomputing.hpp"
#include "tensor/format.hpp"

namespace gradus::nn {

LayerNorm::LayerNorm(Shape shape, const LayerNormOptions& options, Loc where)
    : normalized_shape(shape), eps(options.eps) {
  if (shape.empty()) fail("LayerNorm", {.wrong = "normalized_shape is empty", .expected = "one axis or more"}, where);
  for (const std::int64_t size : shape) check_sizes("LayerNorm", {{"a size of normalized_shape", size}}, where);
  check_weight("LayerNorm", shape, where);
  check_floating("LayerNorm", options.dtype, where);
  check_at_least("LayerNorm", "eps", eps, 0, where);
  if (!options.elementwise_affine) return;
  weight = ones(shape, options.dtype, where);
  if (options.bias) bias = zeros(shape, options.dtype, where);
}

Tensor LayerNorm::forward(Arg x) const { return layer_norm(x, normalized_shape, weight, bias, eps); }

std::string LayerNorm::describe() const { return to_string(normalized_shape); }

RMSNorm::RMSNorm(std::int64_t size, const RMSNormOptions& options, Loc where)
    : normalized_size(size), eps(options.eps) {
  check_sizes("RMSNorm", {{"normalized_size", size}}, where);
  check_floating("RMSNorm", options.dtype, where);
  if (eps) check_at_least("RMSNorm", "eps", *eps, 0, where);
  if (options.elementwise_affine) weight = ones({size}, options.dtype, where);
}

Tensor RMSNorm::forward(Arg x) const {
  gradus::detail::check_defined(x, "RMSNorm", x.where);
  const Shape& shape = x.tensor().shape();
  if (shape.empty() || shape.back() != normalized_size)
    fail("RMSNorm",
         {.wrong = "the size of the input's last axis is not normalized_size",
          .got = to_string(shape),
          .expected = formatted("(…, {})", normalized_size)},
         x.where);
  const double smallest =
      x.tensor().dtype() == f32 ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
  return rms_norm(x, weight, eps.value_or(smallest));
}

std::string RMSNorm::describe() const { return formatted("{}", normalized_size); }

GroupNorm::GroupNorm(std::int64_t groups, std::int64_t channels, const GroupNormOptions& options, Loc where)
    : num_groups(groups), num_channels(channels), eps(options.eps) {
  check_sizes("GroupNorm", {{"num_groups", groups}, {"num_channels", channels}}, where);
  check_floating("GroupNorm", options.dtype, where);
  check_at_least("GroupNorm", "eps", eps, 0, where);
  check_multiple("GroupNorm", "num_channels", channels, "num_groups", groups, where);
  if (!options.affine) return;
  weight = ones({channels}, options.dtype, where);
  bias = zeros({channels}, options.dtype, where);
}

Tensor GroupNorm::forward(Arg x) const {
  gradus::detail::check_defined(x, "GroupNorm", x.where);
  const Shape& shape = x.tensor().shape();
  if (shape.size() < 2 || shape[1] != num_channels)
    fail("GroupNorm",
         {.wrong = "the input's axis 1 is not num_channels",
          .got = to_string(shape),
          .expected = formatted("(N, {}, …)", num_channels)},
         x.where);
  return group_norm(x, num_groups, weight, bias, eps);
}

std::string GroupNorm::describe() const { return formatted("{} channels, {} groups", num_channels, num_groups); }

namespace {

void check_axes(const char* type, const Arg& x, int least, int most, const char* expected) {
  gradus::detail::check_defined(x, type, x.where);
  const Shape& shape = x.tensor().shape();
  if (shape.size() < least || shape.size() > most)
    fail(type, {.wrong = "the input has the wrong number of axes", .got = to_string(shape), .expected = expected},
         x.where);
}

}  // namespace

detail::BatchNorm::BatchNorm(const char* type, std::int64_t features, const BatchNormOptions& options, Loc where)
    : num_features(features), eps(options.eps), momentum(options.momentum) {
  check_sizes(type, {{"num_features", features}}, where);
  check_floating(type, options.dtype, where);
  check_at_least(type, "eps", eps, 0, where);
  if (momentum) check_probability(type, "momentum", *momentum, where);
  if (options.affine) {
    weight = ones({features}, options.dtype, where);
    bias = zeros({features}, options.dtype, where);
  }
  if (options.track_running_stats) {
    running_mean = zeros({features}, options.dtype, where);
    running_var = ones({features}, options.dtype, where);
    num_batches_tracked = zeros({}, i64, where);
  }
}

Tensor detail::BatchNorm::normalize(const char* type, Arg x, bool training) const {
  if (x.tensor().size(1) != num_features)
    fail(type,
         {.wrong = formatted("the input has {} channels, num_features is {}", x.tensor().size(1), num_features),
          .got = to_string(x.tensor().shape()),
          .expected = formatted("(N, {}, …)", num_features)},
         x.where);
  const bool tracks = running_mean.defined();
  const auto result = [&](double factor) {
    return batch_norm(x, running_mean, running_var, weight, bias, training || !tracks, factor, eps);
  };
  if (!training || !tracks) return result(0).y;

  // Shared handles: the statistics are the layer's memory, which a const forward may write.
  Tensor mean = running_mean, var = running_var, batches = num_batches_tracked;
  const double count = batches.item() + 1;
  BatchNormResult r = result(momentum.value_or(1 / count));
  if (recomputing()) return std::move(r.y);  // the first time has counted
  mean.copy_(r.mean, x.where);
  var.copy_(r.var, x.where);
  batches.fill_(count, x.where);
  return std::move(r.y);
}

std::string detail::BatchNorm::describe() const {
  std::string s = formatted("{}", num_features);
  if (!weight.defined()) s += ", not affine";
  if (!running_mean.defined()) s += ", no running statistics";
  return s;
}

Tensor BatchNorm1d::forward(Arg x) const {
  check_axes("BatchNorm1d", x, 2, 3, "(N, C) or (N, C, L)");
  return normalize("BatchNorm1d", x, is_training());
}

Tensor BatchNorm2d::forward(Arg x) const {
  check_axes("BatchNorm2d", x, 4, 4, "(N, C, H, W)");
  return normalize("BatchNorm2d", x, is_training());
}

}  // namespace gradus::nn

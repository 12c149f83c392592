// Layers that normalise: over features, groups of channels, or the batch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <gradus/nn/module.hpp>

namespace gradus::nn {

struct LayerNormOptions {
  double eps = 1e-5;               ///< 0 or more, as in all layers of this file
  bool elementwise_affine = true;  ///< with weight and bias
  bool bias = true;                ///< false: with weight only
  DType dtype = default_dtype();
};

/// y = (x - mean) / sqrt(var + eps) · weight + bias, mean and biased variance over the last axes, which are
/// normalized_shape (Ba, Kiros and Hinton, "Layer normalization", 2016). Weight starts as 1, bias as 0.
struct LayerNorm : Module<LayerNorm> {
  Shape normalized_shape;
  double eps;
  Parameter weight, bias;  ///< of normalized_shape, or undefined

  explicit LayerNorm(Shape shape, const LayerNormOptions& options = {}, Loc where = Loc::current());
  explicit LayerNorm(std::int64_t size, const LayerNormOptions& options = {}, Loc where = Loc::current())
      : LayerNorm(Shape{size}, options, where) {}
  Tensor forward(Arg x) const;
  std::string describe() const;
  void fields(auto& v) {
    v("weight", weight);
    v("bias", bias);
  }
};

struct RMSNormOptions {
  std::optional<double> eps = std::nullopt;  ///< nullopt: the distance from 1 to the next number of x's dtype
  bool elementwise_affine = true;            ///< with weight
  DType dtype = default_dtype();
};

/// y = x / sqrt(mean(x²) + eps) · weight, the mean over the last axis, which is normalized_size (Zhang and Sennrich,
/// "Root mean square layer normalization", 2019). Weight starts as 1.
struct RMSNorm : Module<RMSNorm> {
  std::int64_t normalized_size;
  std::optional<double> eps;
  Parameter weight;  ///< (normalized_size), or undefined

  explicit RMSNorm(std::int64_t size, const RMSNormOptions& options = {}, Loc where = Loc::current());
  Tensor forward(Arg x) const;
  std::string describe() const;
  void fields(auto& v) { v("weight", weight); }
};

struct GroupNormOptions {
  double eps = 1e-5;
  bool affine = true;  ///< with weight and bias
  DType dtype = default_dtype();
};

/// y = (x - mean) / sqrt(var + eps) · weight + bias, mean and biased variance over each group of
/// num_channels/num_groups channels of each example, weight and bias by channel (Wu and He, "Group normalization",
/// 2018). Weight starts as 1, bias as 0. x (N, num_channels, …).
struct GroupNorm : Module<GroupNorm> {
  std::int64_t num_groups, num_channels;
  double eps;
  Parameter weight, bias;  ///< (num_channels), or undefined

  GroupNorm(std::int64_t groups, std::int64_t channels, const GroupNormOptions& options = {},
            Loc where = Loc::current());
  Tensor forward(Arg x) const;
  std::string describe() const;
  void fields(auto& v) {
    v("weight", weight);
    v("bias", bias);
  }
};

struct BatchNormOptions {
  double eps = 1e-5;
  /// How much a batch moves the running statistics, 0 to 1; nullopt: their plain average.
  std::optional<double> momentum = 0.1;
  bool affine = true;               ///< with weight and bias
  bool track_running_stats = true;  ///< false: evaluation, too, normalises with the batch's statistics
  DType dtype = default_dtype();
};

namespace detail {

/// What BatchNorm1d and BatchNorm2d share.
struct BatchNorm {
  std::int64_t num_features;
  double eps;
  std::optional<double> momentum;
  Parameter weight, bias;            ///< (num_features), or undefined
  Buffer running_mean, running_var;  ///< (num_features), or undefined
  Buffer num_batches_tracked;        ///< i64, ()

  std::string describe() const;
  void fields(auto& v) {
    v("weight", weight);
    v("bias", bias);
    v("running_mean", running_mean);
    v("running_var", running_var);
    v("num_batches_tracked", num_batches_tracked);
  }

 protected:
  BatchNorm(const char* type, std::int64_t features, const BatchNormOptions& options, Loc where);
  Tensor normalize(const char* type, Arg x, bool training) const;
};

}  // namespace detail

/// y = (x - mean) / sqrt(var + eps) · weight + bias for each channel (Ioffe and Szegedy, "Batch normalization", 2015).
/// x (N, C) or (N, C, L). Training takes mean and biased variance of the batch; once that has succeeded, the running
/// statistics become (1 - momentum) running + momentum batch, with the unbiased variance. Evaluation takes the running
/// ones. forward() is const all the same, so that a const network can be trained: the statistics are what it has seen.
struct BatchNorm1d : Module<BatchNorm1d>, detail::BatchNorm {
  explicit BatchNorm1d(std::int64_t features, const BatchNormOptions& options = {}, Loc where = Loc::current())
      : BatchNorm("BatchNorm1d", features, options, where) {}
  Tensor forward(Arg x) const;
};

/// The same for images, x (N, C, H, W).
struct BatchNorm2d : Module<BatchNorm2d>, detail::BatchNorm {
  explicit BatchNorm2d(std::int64_t features, const BatchNormOptions& options = {}, Loc where = Loc::current())
      : BatchNorm("BatchNorm2d", features, options, where) {}
  Tensor forward(Arg x) const;
};

}  // namespace gradus::nn

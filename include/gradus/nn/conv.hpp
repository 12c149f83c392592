// Convolution of sequences (N, C, L), convolution and pooling of images (N, C, H, W). Sizes of images are one number,
// or {height, width}:
//
//   nn::Conv2d(1, 6, 5, {.padding = 2})    nn::Conv2d(6, 16, {3, 5}, {.stride = {1, 2}})    nn::MaxPool2d(2)
#pragma once

#include <cstdint>
#include <string>

#include <gradus/nn/module.hpp>
#include <gradus/ops/pool.hpp>

namespace gradus::nn {

struct Conv1dOptions {
  std::int64_t stride = 1, padding = 0, dilation = 1;
  std::int64_t groups = 1;  ///< both numbers of channels must be multiples of it
  bool bias = true;
  DType dtype = default_dtype();
};

/// Conv2d along one axis: x (N, in_channels, L), y (N, out_channels, L').
struct Conv1d : Module<Conv1d> {
  std::int64_t in_channels, out_channels;
  std::int64_t kernel_size, stride, padding, dilation, groups;
  Parameter weight;  ///< (out_channels, in_channels/groups, kernel_size)
  Parameter bias;    ///< (out_channels), or undefined

  Conv1d(std::int64_t in, std::int64_t out, std::int64_t kernel, const Conv1dOptions& options = {},
         Loc where = Loc::current());
  Tensor forward(Arg x) const;
  std::string describe() const;
  void fields(auto& v) {
    v("weight", weight);
    v("bias", bias);
  }
};

struct Conv2dOptions {
  Pair stride = 1, padding = 0, dilation = 1;
  std::int64_t groups = 1;  ///< both numbers of channels must be multiples of it
  bool bias = true;
  DType dtype = default_dtype();
};

/// Cross-correlates x (N, in_channels, H, W) with the weight and adds the bias: y (N, out_channels, H', W'), where
/// H' = floor((H + 2 padding - dilation (kernel - 1) - 1) / stride) + 1. Weight and bias start uniform in
/// ±1/sqrt(fan_in), fan_in = in_channels/groups · kernel height · kernel width.
struct Conv2d : Module<Conv2d> {
  std::int64_t in_channels, out_channels;
  Pair kernel_size, stride, padding, dilation;
  std::int64_t groups;
  Parameter weight;  ///< (out_channels, in_channels/groups, kernel height, kernel width)
  Parameter bias;    ///< (out_channels), or undefined

  Conv2d(std::int64_t in, std::int64_t out, Pair kernel, const Conv2dOptions& options = {}, Loc where = Loc::current());
  Tensor forward(Arg x) const;
  std::string describe() const;
  void fields(auto& v) {
    v("weight", weight);
    v("bias", bias);
  }
};

struct ConvTranspose2dOptions {
  Pair stride = 1, padding = 0;
  Pair output_padding = 0;  ///< added to the result's size at one side; less than the stride
  std::int64_t groups = 1;
  bool bias = true;
  Pair dilation = 1;
  DType dtype = default_dtype();
};

/// The adjoint of Conv2d (Zeiler et al., "Deconvolutional networks", 2010): each number of x (N, in_channels, H, W)
/// spreads the weight, scaled by it, over y (N, out_channels, H', W').
///   H' = (H - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1
/// Weight and bias start uniform in ±1/sqrt(out_channels/groups · kernel height · kernel width).
struct ConvTranspose2d : Module<ConvTranspose2d> {
  std::int64_t in_channels, out_channels;
  Pair kernel_size, stride, padding, output_padding;
  std::int64_t groups;
  Pair dilation;
  Parameter weight;  ///< (in_channels, out_channels/groups, kernel height, kernel width)
  Parameter bias;    ///< (out_channels), or undefined

  ConvTranspose2d(std::int64_t in, std::int64_t out, Pair kernel, const ConvTranspose2dOptions& options = {},
                  Loc where = Loc::current());
  Tensor forward(Arg x) const;
  std::string describe() const;
  void fields(auto& v) {
    v("weight", weight);
    v("bias", bias);
  }
};

/// The largest number in each window; a window per `stride`, which is the window's size unless given. See max_pool2d.
struct MaxPool2d : Module<MaxPool2d> {
  Pair kernel_size;
  Pool2dOptions options;

  explicit MaxPool2d(Pair window, const Pool2dOptions& options = {}, Loc where = Loc::current());
  Tensor forward(Arg x) const;
  std::string describe() const;
};

struct MaxPool1dOptions {
  std::int64_t stride = 0;  ///< 0: the window's size
  std::int64_t padding = 0, dilation = 1;
  bool ceil_mode = false;  ///< round sizes up, as in Pool2dOptions
};

/// The largest number in each window of x (N, C, L). See max_pool2d.
struct MaxPool1d : Module<MaxPool1d> {
  std::int64_t kernel_size;
  MaxPool1dOptions options;

  /// Windows of so many elements.
  explicit MaxPool1d(std::int64_t window, const MaxPool1dOptions& options = {}, Loc where = Loc::current());
  Tensor forward(Arg x) const;
  std::string describe() const;
};

/// The mean of each window. See avg_pool2d.
struct AvgPool2d : Module<AvgPool2d> {
  Pair kernel_size;
  Pool2dOptions options;

  explicit AvgPool2d(Pair window, const Pool2dOptions& options = {}, Loc where = Loc::current());
  Tensor forward(Arg x) const;
  std::string describe() const;
};

/// Means over windows laid out so that the result is (N, C, output_size), whatever the input's size.
struct AdaptiveAvgPool2d : Module<AdaptiveAvgPool2d> {
  Pair output_size;

  explicit AdaptiveAvgPool2d(Pair size, Loc where = Loc::current());
  Tensor forward(Arg x) const;
  std::string describe() const;
};

}  // namespace gradus::nn

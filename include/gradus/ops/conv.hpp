// Convolutions of images and sequences.
#pragma once

#include <gradus/ops/pair.hpp>
#include <gradus/tensor.hpp>

namespace gradus {

struct Conv2dOptions {
  Pair stride = 1, padding = 0, dilation = 1;
  std::int64_t groups = 1;
};
/// Cross-correlation of x (N, C, H, W) with weight (O, C/groups, KH, KW), plus bias (O), which may be undefined.
/// H' = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1
Tensor conv2d(Arg x, Arg weight, const Tensor& bias = {}, const Conv2dOptions& options = {});
/// The gradient of conv2d with respect to x (N, C, H, W = size), for g of the shape of its result.
Tensor conv2d_input(Arg weight, Arg g, Pair size, const Conv2dOptions& options = {});
/// The gradient of conv2d with respect to its weight (KH, KW = size).
Tensor conv2d_weight(Arg x, Arg g, Pair size, const Conv2dOptions& options = {});

struct ConvTranspose2dOptions {
  Pair stride = 1, padding = 0, output_padding = 0, dilation = 1;
  std::int64_t groups = 1;
};
/// The adjoint of conv2d: x (N, C, H, W), weight (C, O/groups, KH, KW), bias (O).
/// H' = (H - 1) stride - 2 padding + dilation (KH - 1) + output_padding + 1
Tensor conv_transpose2d(Arg x, Arg weight, const Tensor& bias = {}, const ConvTranspose2dOptions& options = {});

struct Conv1dOptions {
  std::int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
};
Tensor conv1d(Arg x, Arg weight, const Tensor& bias = {},
              const Conv1dOptions& options = {});  ///< x (N, C, L), weight (O, C/groups, K)

}  // namespace gradus

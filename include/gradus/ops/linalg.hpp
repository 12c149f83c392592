// Matrix products and convolutions.
#pragma once

#include <array>
#include <initializer_list>
#include <span>
#include <string_view>

#include <gradus/tensor.hpp>

namespace gradus {

struct MatmulOptions {
  bool transpose_a = false, transpose_b = false;  ///< of the last two axes, without a copy
};
/// numpy's matmul: 1-d, 2-d and batches with broadcasting. An inner size of 0 gives zeros. Transposed views are not
/// copied.
///   dA = G Bᵀ   dB = Aᵀ G
Tensor matmul(Arg a, Arg b, MatmulOptions options = {});

/// c + a b of matrices, in one pass; c broadcasts to (m, n).
///   dc = G   da = G bᵀ   db = aᵀ G
Tensor addmm(Arg c, Arg a, Arg b, MatmulOptions options = {});

/// x (…, in) times weightᵀ (in, out), plus bias (out): (…, out). bias may be undefined. Records expand and
/// addmm.
Tensor linear(Arg x, Arg weight, const Tensor& bias = {});

/// numpy.einsum with '->': einsum("bij,bjk->bik", {a, b}). A letter twice in one operand takes its diagonal: "ii->i".
/// No ellipsis. Operands are contracted from left to right.
Tensor einsum(std::string_view equation, std::span<const Tensor> operands, Loc where = Loc::current());
Tensor einsum(std::string_view equation, std::initializer_list<Tensor> operands, Loc where = Loc::current());

/// Height and width: {3, 5}. One number stands for both: 3 is {3, 3}.
struct Pair : std::array<std::int64_t, 2> {
  constexpr Pair(std::int64_t both) : array{both, both} {}
  constexpr Pair(std::int64_t height, std::int64_t width) : array{height, width} {}
};

struct Conv2dOptions {
  Pair stride = 1, padding = 0, dilation = 1;
  std::int64_t groups = 1;
};
/// Cross-correlation of x (N, C, H, W) with weight (O, C/groups, KH, KW), plus bias (O), which may be undefined.
/// H' = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1
Tensor conv2d(Arg x, Arg weight, const Tensor& bias = {}, const Conv2dOptions& options = {});
/// Its transposes, which are its rule: the gradient with respect to x (N, C, H, W = size) and to weight (KH, KW =
/// size).
Tensor conv2d_input(Arg weight, Arg g, Pair size, const Conv2dOptions& options = {});
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

struct Pool2dOptions {
  Pair stride = 0;  ///< 0: the window's size
  Pair padding = 0;
  Pair dilation = 1;              ///< max only
  bool ceil_mode = false;         ///< round sizes up, less a last window that would start beyond input and left padding
  bool count_include_pad = true;  ///< average only: divide by the window's part inside input and padding
};
/// x (N, C, H, W). The first maximum in row-major order gets the gradient; padding never wins.
Tensor max_pool2d(Arg x, Pair window, const Pool2dOptions& options = {});
Tensor avg_pool2d(Arg x, Pair window, const Pool2dOptions& options = {});
/// The transpose of avg_pool2d: g (N, C, H', W') spread back over (H, W = size).
Tensor avg_pool2d_input(Arg g, Pair size, Pair window, const Pool2dOptions& options = {});
/// Window i covers floor(i H / h) … ceil((i + 1) H / h).
Tensor adaptive_avg_pool2d(Arg x, Pair size);
/// Its transpose: g (N, C, h, w) spread back over (H, W = size).
Tensor adaptive_avg_pool2d_input(Arg g, Pair size);

}  // namespace gradus

// Pooling over windows of images.
#pragma once

#include <gradus/ops/pair.hpp>
#include <gradus/tensor.hpp>

namespace gradus {

struct Pool2dOptions {
  Pair stride = 0;  ///< 0: the window's size
  Pair padding = 0;
  Pair dilation = 1;              ///< max only
  bool ceil_mode = false;         ///< round sizes up, less a last window that would start beyond input and left padding
  bool count_include_pad = true;  ///< average only: divide by the window's part inside input and padding
};
/// The largest element of each window of x (N, C, H, W). The first maximum in row-major order gets the gradient;
/// padding is never the maximum.
Tensor max_pool2d(Arg x, Pair window, const Pool2dOptions& options = {});
/// The mean of each window of x (N, C, H, W).
Tensor avg_pool2d(Arg x, Pair window, const Pool2dOptions& options = {});
/// The transpose of avg_pool2d: g (N, C, H', W') spread back over (H, W = size).
Tensor avg_pool2d_input(Arg g, Pair size, Pair window, const Pool2dOptions& options = {});
/// The means of size[0] by size[1] windows that cover x (N, C, H, W): window i covers floor(i H / h) … ceil((i + 1) H /
/// h).
Tensor adaptive_avg_pool2d(Arg x, Pair size);
/// Its transpose: g (N, C, h, w) spread back over (H, W = size).
Tensor adaptive_avg_pool2d_input(Arg g, Pair size);

}  // namespace gradus

// Over axes. Axes may be negative; none given means all; keepdim keeps them with size 1.
#pragma once

#include <gradus/tensor.hpp>

namespace gradus {

Tensor sum(Arg x, Axes axes = {}, bool keepdim = false);   ///< an empty sum is 0
Tensor mean(Arg x, Axes axes = {}, bool keepdim = false);  ///< an empty mean is NaN
Tensor prod(Arg x, Axes axes = {}, bool keepdim = false);  ///< 1 when empty; the gradient is right with zeros in x
Tensor max(Arg x, Axes axes = {},
           bool keepdim = false);  ///< tied maxima share the gradient equally; NaN wins; not of nothing
Tensor min(Arg x, Axes axes = {}, bool keepdim = false);
/// sum((x - mean)^2) / (n - correction)
Tensor var(Arg x, Axes axes = {}, bool keepdim = false, double correction = 1);
Tensor stddev(Arg x, Axes axes = {}, bool keepdim = false, double correction = 1);  ///< derivative 0 where it is 0
[[deprecated("call stddev(x) or x.std()")]] inline Tensor std(Arg x, Axes axes = {}, bool keepdim = false,
                                                              double correction = 1) {
  return stddev(x, axes, keepdim, correction);
}
Tensor logsumexp(Arg x, Axes axes = {}, bool keepdim = false);  ///< log(sum(e^x)), shifted by the maximum

/// The maximum along one axis and where it is (i64, the first at a tie, which gets all of the gradient).
struct ValuesIndices {
  Tensor values, indices;
};
ValuesIndices max_dim(Arg x, int axis, bool keepdim = false);
ValuesIndices min_dim(Arg x, int axis, bool keepdim = false);

/// i64, no gradient. First at a tie; NaN wins. Without an axis: over the flattened tensor.
Tensor argmax(Arg x);
Tensor argmax(Arg x, int axis, bool keepdim = false);
Tensor argmin(Arg x);
Tensor argmin(Arg x, int axis, bool keepdim = false);

Tensor cumsum(Arg x, int axis);  ///< running sum, inclusive

Tensor softmax(Arg x, int axis);
Tensor log_softmax(Arg x, int axis);

}  // namespace gradus

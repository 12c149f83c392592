// Reductions over axes. A negative axis counts from the end; no axes means all; keepdim keeps them with size 1.
#pragma once

#include <gradus/tensor.hpp>

namespace gradus {

Tensor sum(Arg x, Axes axes = {}, bool keepdim = false);   ///< an empty sum is 0; of bool: i64, how many are true
Tensor mean(Arg x, Axes axes = {}, bool keepdim = false);  ///< an empty mean is NaN; of bool: f32, the share of true
Tensor any(Arg x, Axes axes = {}, bool keepdim = false);   ///< bool: is one not 0? NaN is not 0; empty: false
Tensor all(Arg x, Axes axes = {}, bool keepdim = false);   ///< bool: is none 0? empty: true
Tensor prod(Arg x, Axes axes = {}, bool keepdim = false);  ///< 1 when empty; the gradient is right with zeros in x
/// Tied maxima share the gradient equally. NaN propagates; an empty axis is an error.
Tensor max(Arg x, Axes axes = {}, bool keepdim = false);
Tensor min(Arg x, Axes axes = {}, bool keepdim = false);  ///< as max
/// sum((x - mean)^2) / (n - correction), infinite or NaN where n <= correction, which is finite.
Tensor var(Arg x, Axes axes = {}, bool keepdim = false, double correction = 1);
Tensor stddev(Arg x, Axes axes = {}, bool keepdim = false, double correction = 1);  ///< derivative 0 where it is 0
/// The old name of stddev.
[[deprecated("call stddev(x) or x.std()")]] inline Tensor std(Arg x, Axes axes = {}, bool keepdim = false,
                                                              double correction = 1) {
  return stddev(x, axes, keepdim, correction);
}
Tensor logsumexp(Arg x, Axes axes = {}, bool keepdim = false);  ///< log(sum(e^x)), shifted by the maximum

/// The p-norm (sum |x|^p)^(1/p). p = infinity: max |x|; -infinity: min |x|; 0: the number of elements that are not 0;
/// other p, also negative, as they stand. The subgradient where the norm is 0, and for p < 2 where x is 0, is 0:
/// unlike sqrt(sum(square(x))), whose gradient at 0 is NaN. Nothing overflows. Error: p is NaN, x is not
/// floating-point.
Tensor norm(Arg x, double p = 2, Axes axes = {}, bool keepdim = false);

/// What max_dim, min_dim, sort and topk return.
struct ValuesIndices {
  Tensor values;   ///< recorded
  Tensor indices;  ///< i64, no gradient
};
/// The maximum along one axis and where it is (i64; at a tie the first, which gets all of the gradient).
ValuesIndices max_dim(Arg x, int axis, bool keepdim = false);
ValuesIndices min_dim(Arg x, int axis, bool keepdim = false);  ///< the minimum, likewise

/// i64, no gradient. The first at a tie; NaN counts as the largest (argmin: smallest). Without an axis: over the
/// flattened tensor.
Tensor argmax(Arg x);
Tensor argmax(Arg x, int axis, bool keepdim = false);
Tensor argmin(Arg x);  ///< as argmax
Tensor argmin(Arg x, int axis, bool keepdim = false);

Tensor cumsum(Arg x, int axis);   ///< running sum, inclusive
Tensor cumprod(Arg x, int axis);  ///< running product, inclusive; the gradient is right with zeros in x

/// In ascending order along the axis, and where each stood. Equal elements keep their order; NaN counts as the largest.
ValuesIndices sort(Arg x, int axis = -1, bool descending = false);
/// The k largest along the axis, the largest first, or the k smallest, the smallest first; otherwise as sort.
ValuesIndices topk(Arg x, std::int64_t k, int axis = -1, bool largest = true);

/// e^x / sum(e^x) along the axis, shifted by the maximum. Elements of +inf share the whole; only -inf: NaN.
Tensor softmax(Arg x, int axis);
Tensor log_softmax(Arg x, int axis);  ///< log(softmax(x)), without its overflow

}  // namespace gradus

// By index: i64 tensors say where. An index out of range is an error that names it.
#pragma once

#include <gradus/tensor.hpp>

namespace gradus {

Tensor index_select(Arg x, int axis, Arg index);  ///< index is 1-d; repeated indices add up in the gradient
/// x with y added at the positions `index` along the axis: the transpose of index_select.
Tensor index_add(Arg x, int axis, Arg index, Arg y);
/// out[i][j][k] = x[index[i][j][k]][j][k] for axis 0; index has x's rank and may be smaller on every other axis.
Tensor gather(Arg x, int axis, Arg index);
/// x with out[index[i][j]][j] += y[i][j] for axis 0; y has index's shape: the transpose of gather.
Tensor scatter_add(Arg x, int axis, Arg index, Arg y);
/// x with out[index[i][j]][j] = y[i][j] for axis 0; y has index's shape or is a number. Of several that go to one place
/// the last one stays, and it alone gets the gradient.
Tensor scatter(Arg x, int axis, Arg index, Arg y);
/// The elements where the mask (bool) is true, in row-major order: (count). x and mask broadcast.
Tensor masked_select(Arg x, Arg mask);
/// How often each of 0, 1, 2, … is among the labels (1-d, i64, none negative): i64 counts, at least minlength of them.
Tensor bincount(Arg labels, std::int64_t minlength = 0);
Tensor bincount(Arg labels, const Tensor& weights, std::int64_t minlength = 0);  ///< the sums of their weights
/// Rows of weight (count, width), for indices of any shape: (…, width). The row padding_idx gets no gradient; -1: none.
Tensor embedding(Arg weight, Arg indices, std::int64_t padding_idx = -1);
Tensor one_hot(Arg labels, std::int64_t classes, DType dtype = default_dtype());  ///< no gradient

}  // namespace gradus

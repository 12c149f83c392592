// Shape: views that share the numbers of their input wherever strides allow it, and rearrangements. Any dtype.
#pragma once

#include <array>
#include <span>
#include <vector>

#include <gradus/tensor.hpp>

namespace gradus {

Tensor expand(Arg x, Shape shape);                    ///< broadcasts without copying; -1 keeps a size
Tensor reshape(Arg x, Shape shape);                   ///< one size may be -1; copies only where strides demand it
Tensor flatten(Arg x, int first = 0, int last = -1);  ///< axes first to last become one
Tensor permute(Arg x, Axes axes);                     ///< axis i of the result is axis axes[i] of x
Tensor transpose(Arg x, int axis0, int axis1);        ///< two axes swapped
Tensor squeeze(Arg x);                                ///< drops every axis of size 1
Tensor squeeze(Arg x, int axis);                      ///< drops it if its size is 1
Tensor unsqueeze(Arg x, int axis);  ///< a new axis of size 1; a negative axis counts in the result's rank

/// start:stop:step as in Python: negative start and stop count from the end, too large is cut, step >= 1.
struct Range {
  static constexpr std::int64_t end = INT64_MAX;
  std::int64_t start = 0;   ///< the first index
  std::int64_t stop = end;  ///< the index after the last
  std::int64_t step = 1;    ///< from one index to the next
};
Tensor slice(Arg x, std::initializer_list<Range> ranges);  ///< for the leading axes
Tensor slice(Arg x, std::span<const Range> ranges);
Tensor slice(Arg x, int axis, Range range);
Tensor select(Arg x, int axis, std::int64_t index);  ///< the entry at one index; the axis is removed
/// The transpose of slice: zeros of `shape` with g in the window that the ranges cut out.
Tensor unslice(Arg g, Shape shape, std::span<const Range> ranges);

/// Tensors of equal sizes on every other axis, one after the other along the axis.
Tensor concat(std::span<const Tensor> parts, int axis = 0, Loc where = Loc::current());
Tensor concat(std::initializer_list<Tensor> parts, int axis = 0, Loc where = Loc::current());
Tensor stack(std::span<const Tensor> parts, int axis = 0, Loc where = Loc::current());  ///< along a new axis
Tensor stack(std::initializer_list<Tensor> parts, int axis = 0, Loc where = Loc::current());
std::vector<Tensor> split(Arg x, std::int64_t size, int axis = 0);  ///< pieces of `size`; the last may be smaller
std::vector<Tensor> split(Arg x, std::span<const std::int64_t> sizes, int axis = 0);

/// All elements of the parts, of one dtype and any shapes, in one vector. So an operation of yours has several outputs:
/// its forward packs them, its rule unpacks the gradient (examples/07_custom_operation.cpp).
Tensor pack(std::span<const Tensor> parts, Loc where = Loc::current());
Tensor pack(std::initializer_list<Tensor> parts, Loc where = Loc::current());
/// What was packed, from x (n) and the shapes of the parts, which must have n elements together.
std::vector<Tensor> unpack(Arg x, std::span<const Shape> shapes);
/// The same with names: auto [mean, var] = unpack(x, {Shape{3}, Shape{3}});
template <std::size_t N>
std::array<Tensor, N> unpack(const Arg& x, const Shape (&shapes)[N]) {
  const std::vector<Tensor> all = unpack(x, std::span<const Shape>(shapes));
  std::array<Tensor, N> parts;
  for (std::size_t i = 0; i < N; ++i) parts[i] = all[i];
  return parts;
}

Tensor flip(Arg x, Axes axes);               ///< the order along each axis reversed
Tensor roll(Arg x, Axes shifts, Axes axes);  ///< out[(i + shift) mod n] = x[i]
Tensor repeat(Arg x, Shape repeats);         ///< as numpy.tile; may be longer than x's rank
Tensor tril(Arg x,
            std::int64_t diagonal = 0);  ///< keeps column - row <= diagonal of the last two axes, zeros elsewhere
Tensor triu(Arg x, std::int64_t diagonal = 0);  ///< keeps column - row >= diagonal

/// The elements [i, i + offset] of the axes axis1 and axis2, which become one axis, the last.
Tensor diagonal(Arg x, std::int64_t offset = 0, int axis1 = 0, int axis2 = 1);
/// Of a vector the matrix with it on this diagonal and zeros elsewhere; of a matrix the diagonal.
Tensor diag(Arg x, std::int64_t diagonal = 0);
/// The elements that tril keeps of square matrices (…, n, n), row by row: (…, count).
Tensor pack_tril(Arg x, std::int64_t diagonal = 0);
/// The transpose of pack_tril: (…, count) becomes (…, n, n), zeros elsewhere.
Tensor unpack_tril(Arg packed, std::int64_t n, std::int64_t diagonal = 0);

/// Amounts before and after each axis, axis 0 first (as numpy.pad). Negative amounts crop (constant only).
struct Pad {
  std::int64_t before = 0;  ///< elements before the first
  std::int64_t after = 0;   ///< elements after the last
};
/// What pad adds: a value; the elements mirrored at the edge, which is not repeated; the edge itself.
enum class PadMode { constant, reflect, replicate };
/// x with elements added, or for negative amounts removed, at the ends of each axis.
Tensor pad(Arg x, std::span<const Pad> amounts, PadMode mode = PadMode::constant, double value = 0);
Tensor pad(Arg x, std::initializer_list<Pad> amounts, PadMode mode = PadMode::constant, double value = 0);

Tensor clone(Arg x);       ///< a copy, recorded
Tensor contiguous(Arg x);  ///< x itself if its numbers lie in row-major order, else a copy

}  // namespace gradus

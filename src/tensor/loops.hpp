// From tensors to kernels: strided operands become rows, long rows become pieces for the thread pool.
#pragma once

#include <utility>

#include "kernels/kernels.hpp"
#include "kernels/parallel.hpp"
#include "tensor/impl.hpp"

namespace gradus::detail {

// A shape with the strides of N operands, adjacent axes merged where all operands allow it. The result is row-major.
template <int N>
struct Nest {
  int dims = 0;
  std::int64_t size[max_dims], stride[N][max_dims];
  std::int64_t inner() const { return dims ? size[dims - 1] : 1; }
};

template <int N>
Nest<N> nest(const Shape& shape, const TensorImpl* const (&x)[N]) {
  Nest<N> r;
  const std::int64_t* sizes = shape.begin();  // unchecked, as are the strides
  for (int i = 0; i < shape.size(); ++i) {
    if (sizes[i] == 1) continue;
    bool merge = r.dims > 0;
    for (int k = 0; merge && k < N; ++k) merge = r.stride[k][r.dims - 1] == x[k]->strides.begin()[i] * sizes[i];
    const int at = merge ? r.dims - 1 : r.dims++;
    r.size[at] = merge ? r.size[at] * sizes[i] : sizes[i];
    for (int k = 0; k < N; ++k) r.stride[k][at] = x[k]->strides.begin()[i];
  }
  return r;
}

// Calls row(first element of the row in each operand, in the result) for rows [begin, end) of the nest.
template <int N, class Row>
void for_rows(const Nest<N>& r, std::int64_t begin, std::int64_t end, const Row& row) {
  std::int64_t index[max_dims] = {}, offset[N] = {};
  std::int64_t rest = begin;
  for (int d = r.dims - 2; d >= 0; --d) {
    index[d] = rest % r.size[d];
    rest /= r.size[d];
    for (int k = 0; k < N; ++k) offset[k] += index[d] * r.stride[k][d];
  }
  for (std::int64_t i = begin; i < end; ++i) {
    row(offset, i * r.inner());
    for (int d = r.dims - 2; d >= 0; --d) {
      for (int k = 0; k < N; ++k) offset[k] += r.stride[k][d];
      if (++index[d] < r.size[d]) break;
      for (int k = 0; k < N; ++k) offset[k] -= r.size[d] * r.stride[k][d];
      index[d] = 0;
    }
  }
}

// The elements a thread should get at least: cheap streams gain nothing from less.
inline constexpr std::int64_t grain = 32768;

// Runs piece(n, offsets of N operands, their inner strides, offset in the result) over all elements.
template <int N, class Piece>
void for_elements(const Shape& shape, const TensorImpl* const (&x)[N], const Piece& piece) {
  const std::int64_t total = shape.numel();
  if (total == 0) return;
  const Nest<N> r = nest(shape, x);
  std::int64_t inner_stride[N];
  for (int k = 0; k < N; ++k) inner_stride[k] = r.dims ? r.stride[k][r.dims - 1] : 0;
  const std::int64_t inner = r.inner();
  if (inner == total) {
    const auto run = [&](std::int64_t begin, std::int64_t end) {
      std::int64_t offset[N];
      for (int k = 0; k < N; ++k) offset[k] = begin * inner_stride[k];
      piece(end - begin, offset, inner_stride, begin);
    };
    if (total < 2 * grain) return run(0, total);
    return kernels::parallel_for(total, grain, run);
  }
  const auto rows = [&](std::int64_t begin, std::int64_t end) {
    for_rows(r, begin, end,
             [&](const std::int64_t* offset, std::int64_t at) { piece(inner, offset, inner_stride, at); });
  };
  if (total < 2 * grain) return rows(0, total / inner);
  kernels::parallel_for(total / inner, std::max<std::int64_t>(1, grain / inner), rows);
}

[[noreturn]] void refuse_dtype(const char* operation, DType dtype, Loc where);

// One kernel over whole tensors: compiled once for each form of kernel, not in each operation. f: null where the dtype
// has none.
template <class T>
Tensor run1(const char* operation, Loc where, const TensorImpl& x, kernels::Map1<T> f);
template <class T>
Tensor run1k(const char* operation, Loc where, const TensorImpl& x, double k0, double k1, kernels::Map1k<T> f);
template <class T, class Y>
Tensor run2(const char* operation, Loc where, const TensorImpl& a, const TensorImpl& b,
            void (*f)(std::int64_t n, const T* a, std::int64_t sa, const T* b, std::int64_t sb, Y* y));

// Kernel pickers are callables such as [](auto& k) { return k.exp; }, applied to the Table of the operands' dtype.

// y = f(x)
template <class Pick>
Tensor map1(const char* operation, Loc where, const Tensor& x, Pick pick) {
  const TensorImpl& a = *x.impl();
  return visit(a.dtype, [&]<class T>() { return run1<T>(operation, where, a, pick(kernels::table<T>())); });
}

// y = f(x; k0, k1)
template <class Pick>
Tensor map1k(const char* operation, Loc where, const Tensor& x, double k0, double k1, Pick pick) {
  const TensorImpl& a = *x.impl();
  return visit(a.dtype, [&]<class T>() { return run1k<T>(operation, where, a, k0, k1, pick(kernels::table<T>())); });
}

// y = f(a, b) or, for comparisons, a bool tensor. The shapes are equal: callers expand.
template <class Pick>
Tensor map2(const char* operation, Loc where, const Tensor& ta, const Tensor& tb, Pick pick) {
  const TensorImpl &a = *ta.impl(), &b = *tb.impl();
  return visit(a.dtype, [&]<class T>() {
    const auto f = pick(kernels::table<T>());
    constexpr bool compares = std::is_convertible_v<decltype(f), kernels::Compare<T>>;
    using Y = std::conditional_t<compares, bool, T>;
    return run2<T, Y>(operation, where, a, b, f);
  });
}

// y = c ? a : b, of equal shapes.
Tensor select(const Tensor& c, const Tensor& a, const Tensor& b);

// x with the axes `axes` (sorted) moved together: what a kernel over [outer, n, inner] needs. A copy only where x's
// order does not allow it.
struct Block {
  Tensor x;
  std::int64_t outer = 1, n = 1, inner = 1;
};
Block block(const Tensor& x, const Shape& axes);

// The shape left when `axes` are reduced.
Shape reduced(const Shape& shape, const Shape& axes, bool keepdim);

// Stride-0 view of x with another shape, as numpy broadcasts; throws where it cannot.
Tensor broadcast_view(const Tensor& x, const Shape& to, const char* operation, Loc where);
// The shape that both broadcast to.
Shape broadcast_shape(const Shape& a, const Shape& b, const char* operation, Loc where);

// The offset of one element, in elements; an error if an index is out of range.
std::int64_t offset_of(const TensorImpl& t, std::initializer_list<std::int64_t> index, const char* operation,
                       Loc where);

// An error if an element of x would not fit into an integer or a bool: NaN, an infinity, a number out of range, and
// unless fractions are rounded to zero (and to true, in bool) a fraction.
enum class Rounding { none, to_zero };
void check_conversion(const TensorImpl& x, DType to, Rounding rounding, const char* operation, Loc where);

// ---- loops over tensors of any strides. They may be the same view, but not overlap otherwise. ----
void copy_strided(const TensorImpl& from, const TensorImpl& to);    // to is contiguous, dtypes and shapes equal
void assign_strided(const TensorImpl& from, const TensorImpl& to);  // converts: check_conversion comes first
template <class T>
void fill_strided(const TensorImpl& to, T value);
void zero_strided(const TensorImpl& to);
void add_strided(const TensorImpl& from, double alpha, const TensorImpl& to);
void scale_strided(const TensorImpl& to, double factor);

}  // namespace gradus::detail

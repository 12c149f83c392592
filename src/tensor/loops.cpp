// The loops behind tensors: copies, conversions, broadcasting, and what a reduction needs of its input.
#include "tensor/loops.hpp"

#include <cmath>

#include "tensor/make.hpp"

namespace gradus::detail {

void refuse_dtype(const char* operation, DType dtype, Loc where) {
  throw Error(operation,
              {.wrong = "the operation is not defined for this dtype",
               .got = name(dtype),
               .expected = dtype == boolean ? "a number type" : "f32 or f64",
               .advice = "convert it: x.to(f32)"},
              user_line(where));
}

template <class T>
Tensor run1(const char* operation, Loc where, const TensorImpl& x, kernels::Map1<T> f) {
  if (!f) refuse_dtype(operation, x.dtype, where);
  Tensor result = empty(x.shape, x.dtype);
  const T* from = x.as<T>();
  T* y = detail::data<T>(result);
  if (x.contiguous && x.numel < 2 * grain) {
    f(x.numel, from, 1, y);
  } else {
    for_elements<1>(x.shape, {&x},
                    [&](auto n, const auto* o, const auto* s, auto at) { f(n, from + o[0], s[0], y + at); });
  }
  return result;
}

template <class T>
Tensor run1k(const char* operation, Loc where, const TensorImpl& x, double k0, double k1, kernels::Map1k<T> f) {
  if (!f) refuse_dtype(operation, x.dtype, where);
  Tensor result = empty(x.shape, x.dtype);
  const T* from = x.as<T>();
  T* y = detail::data<T>(result);
  for_elements<1>(x.shape, {&x},
                  [&](auto n, const auto* o, const auto* s, auto at) { f(n, from + o[0], s[0], y + at, k0, k1); });
  return result;
}

template <class T, class Y>
Tensor run2(const char* operation, Loc where, const TensorImpl& a, const TensorImpl& b,
            void (*f)(std::int64_t n, const T* a, std::int64_t sa, const T* b, std::int64_t sb, Y* y)) {
  if (!f) refuse_dtype(operation, a.dtype, where);
  Tensor result = empty(a.shape, dtype_of<Y>());
  const T *pa = a.as<T>(), *pb = b.as<T>();
  Y* y = detail::data<Y>(result);
  if (a.contiguous && b.contiguous && a.numel < 2 * grain) {
    f(a.numel, pa, 1, pb, 1, y);
  } else {
    for_elements<2>(a.shape, {&a, &b}, [&](auto n, const auto* o, const auto* s, auto at) {
      f(n, pa + o[0], s[0], pb + o[1], s[1], y + at);
    });
  }
  return result;
}

template Tensor run1(const char*, Loc, const TensorImpl&, kernels::Map1<float>);
template Tensor run1(const char*, Loc, const TensorImpl&, kernels::Map1<double>);
template Tensor run1(const char*, Loc, const TensorImpl&, kernels::Map1<std::int64_t>);
template Tensor run1(const char*, Loc, const TensorImpl&, kernels::Map1<bool>);
template Tensor run1k(const char*, Loc, const TensorImpl&, double, double, kernels::Map1k<float>);
template Tensor run1k(const char*, Loc, const TensorImpl&, double, double, kernels::Map1k<double>);
template Tensor run1k(const char*, Loc, const TensorImpl&, double, double, kernels::Map1k<std::int64_t>);
template Tensor run1k(const char*, Loc, const TensorImpl&, double, double, kernels::Map1k<bool>);
template Tensor run2(const char*, Loc, const TensorImpl&, const TensorImpl&, kernels::Map2<float>);
template Tensor run2(const char*, Loc, const TensorImpl&, const TensorImpl&, kernels::Map2<double>);
template Tensor run2(const char*, Loc, const TensorImpl&, const TensorImpl&, kernels::Map2<std::int64_t>);
template Tensor run2(const char*, Loc, const TensorImpl&, const TensorImpl&, kernels::Map2<bool>);
template Tensor run2(const char*, Loc, const TensorImpl&, const TensorImpl&, kernels::Compare<float>);
template Tensor run2(const char*, Loc, const TensorImpl&, const TensorImpl&, kernels::Compare<double>);
template Tensor run2(const char*, Loc, const TensorImpl&, const TensorImpl&, kernels::Compare<std::int64_t>);

Tensor select(const Tensor& tc, const Tensor& ta, const Tensor& tb) {
  const TensorImpl &c = *tc.impl(), &a = *ta.impl(), &b = *tb.impl();
  return visit(a.dtype, [&]<class T>() {
    Tensor result = empty(a.shape, a.dtype);
    T* y = detail::data<T>(result);
    const auto f = kernels::table<T>().where;
    for_elements<3>(a.shape, {&c, &a, &b}, [&](auto n, const auto* o, const auto* s, auto at) {
      f(n, c.as<bool>() + o[0], s[0], a.as<T>() + o[1], s[1], b.as<T>() + o[2], s[2], y + at);
    });
    return result;
  });
}

void copy_strided(const TensorImpl& from, const TensorImpl& to) {
  visit(from.dtype, [&]<class T>() {
    const auto& k = kernels::table<T>();
    const T* x = from.as<T>();
    T* y = to.as<T>();
    const auto r = nest<1>(from.shape, {&from});
    if (r.dims == 2 && r.stride[0][1] == 1 && from.numel < grain) {  // a few rows, as of a bias
      for (std::int64_t i = 0; i < r.size[0]; ++i) k.copy(r.size[1], x + i * r.stride[0][0], 1, y + i * r.size[1]);
      return;
    }
    // The last axis far apart and the one before it side by side: a transposition, done in cache-sized blocks.
    if (r.dims >= 2 && r.stride[0][r.dims - 2] == 1 && r.stride[0][r.dims - 1] > 1) {
      const auto rows = r.size[r.dims - 1], cols = r.size[r.dims - 2];
      Nest<1> outer = r;
      outer.dims = r.dims - 1;
      outer.size[outer.dims - 1] = 1;
      const auto blocks = rows * cols != 0 ? from.numel / (rows * cols) : 0;
      return kernels::parallel_for(blocks, std::max<std::int64_t>(1, grain / std::max<std::int64_t>(1, rows * cols)),
                                   [&](std::int64_t begin, std::int64_t end) {
                                     for_rows(outer, begin, end, [&](const std::int64_t* o, std::int64_t i) {
                                       k.transpose(rows, cols, x + o[0], r.stride[0][r.dims - 1], y + i * rows * cols);
                                     });
                                   });
    }
    for_elements<1>(from.shape, {&from},
                    [&](auto n, const auto* o, const auto* s, auto at) { k.copy(n, x + o[0], s[0], y + at); });
  });
}

namespace {

// The rows of `to`, which may have any strides, with the matching rows of `from`.
template <class Row>
void rows_of(const TensorImpl& from, const TensorImpl& to, const Row& row) {
  if (to.numel == 0) return;
  const auto r = nest<2>(to.shape, {&from, &to});
  const std::int64_t s0 = r.dims ? r.stride[0][r.dims - 1] : 0, s1 = r.dims ? r.stride[1][r.dims - 1] : 0;
  for_rows(r, 0, to.numel / r.inner(),
           [&](const std::int64_t* o, std::int64_t) { row(r.inner(), o[0], s0, o[1], s1); });
}

}  // namespace

namespace {

template <class F>
bool fits(F value, DType to, Rounding rounding) {
  if (to == boolean) return rounding == Rounding::to_zero || value == F(0) || value == F(1);
  if constexpr (std::is_floating_point_v<F>)
    return fits_i64(value) && (rounding == Rounding::to_zero || value == std::trunc(value));
  return true;
}

// Where element number i of a tensor lies: "(0, 2)".
std::string index_text(const Shape& shape, std::int64_t i) {
  Shape index = shape;
  for (int axis = shape.size() - 1; axis >= 0; --axis) {
    index[axis] = i % shape[axis];
    i /= shape[axis];
  }
  return to_string(index);
}

}  // namespace

void check_conversion(const TensorImpl& x, DType to, Rounding rounding, const char* operation, Loc where) {
  if (is_floating(to) || x.dtype == to || x.dtype == boolean || x.numel == 0) return;
  visit(x.dtype, [&]<class F>() {
    const auto r = nest<1>(x.shape, {&x});
    const std::int64_t n = r.inner(), stride = r.dims ? r.stride[0][r.dims - 1] : 0;
    for_rows(r, 0, x.numel / n, [&](const std::int64_t* offset, std::int64_t first) {
      const F* row = x.as<F>() + offset[0];
      for (std::int64_t i = 0; i < n; ++i)
        if (!fits(row[i * stride], to, rounding))
          does_not_fit(row[i * stride], name(to), operation, where, index_text(x.shape, first + i));
    });
  });
}

void assign_strided(const TensorImpl& from, const TensorImpl& to) {
  if (from.dtype == to.dtype && to.contiguous && from.storage != to.storage) return copy_strided(from, to);
  visit(from.dtype, [&]<class F>() {
    visit(to.dtype, [&]<class T>() {
      rows_of(from, to, [&](auto n, auto of, auto sf, auto ot, auto st) {
        const F* x = from.as<F>() + of;
        T* y = to.as<T>() + ot;
        if (st == 1) return kernels::convert(n, x, sf, y);
        for (std::int64_t i = 0; i < n; ++i) kernels::convert(1, x + i * sf, 1, y + i * st);
      });
    });
  });
}

template <class T>
void fill_strided(const TensorImpl& to, T value) {
  T* y = to.as<T>();
  if (to.contiguous) return kernels::table<T>().fill(to.numel, value, y);
  rows_of(to, to, [&](auto n, auto, auto, auto o, auto s) {
    for (std::int64_t i = 0; i < n; ++i) y[o + i * s] = value;
  });
}
template void fill_strided(const TensorImpl&, float);
template void fill_strided(const TensorImpl&, double);
template void fill_strided(const TensorImpl&, std::int64_t);
template void fill_strided(const TensorImpl&, bool);

void zero_strided(const TensorImpl& to) {
  visit(to.dtype, [&]<class T>() { fill_strided(to, T{}); });
}

void add_strided(const TensorImpl& from, double alpha, const TensorImpl& to) {
  visit(to.dtype, [&]<class T>() {
    const auto f = kernels::table<T>().axpy;
    const T* x = from.as<T>();
    T* y = to.as<T>();
    if (from.contiguous && to.contiguous)
      return to.numel < 2 * grain ? f(to.numel, alpha, x, y)
                                  : kernels::parallel_for(to.numel, grain, [&](std::int64_t begin, std::int64_t end) {
                                      f(end - begin, alpha, x + begin, y + begin);
                                    });
    rows_of(from, to, [&](auto n, auto of, auto sf, auto ot, auto st) {
      if (sf == 1 && st == 1) return f(n, alpha, x + of, y + ot);
      for (std::int64_t i = 0; i < n; ++i) f(1, alpha, x + of + i * sf, y + ot + i * st);
    });
  });
}

void scale_strided(const TensorImpl& to, double factor) {
  visit(to.dtype, [&]<class T>() {
    const auto f = kernels::table<T>().mul_scalar;
    T* y = to.as<T>();
    if (to.contiguous) return f(to.numel, y, 1, y, factor, 0);
    rows_of(to, to, [&](auto n, auto, auto, auto o, auto s) {
      for (std::int64_t i = 0; i < n; ++i) f(1, y + o + i * s, 1, y + o + i * s, factor, 0);
    });
  });
}

Shape reduced(const Shape& shape, const Shape& axes, bool keepdim) {
  Shape r;
  int next = 0;
  for (int i = 0; i < shape.size(); ++i) {
    const bool removed = next < axes.size() && axes[next] == i;
    next += removed;
    if (!removed)
      r.push_back(shape[i]);
    else if (keepdim)
      r.push_back(1);
  }
  return r;
}

Block block(const Tensor& x, const Shape& axes) {
  const Shape& shape = x.shape();
  Block b;
  bool adjacent = true;
  for (int i = 0; i < axes.size(); ++i) {
    b.n *= shape[static_cast<int>(axes[i])];
    adjacent = adjacent && (i == 0 || axes[i] == axes[i - 1] + 1);
  }
  if (adjacent) {
    b.x = dense(x);
    const int first = axes.empty() ? shape.size() : static_cast<int>(axes[0]);
    for (int i = 0; i < first; ++i) b.outer *= shape[i];
    for (int i = first + axes.size(); i < shape.size(); ++i) b.inner *= shape[i];
    return b;
  }
  Shape order, strides;
  for (int pass = 0; pass < 2; ++pass)  // kept axes first, then the reduced ones
    for (int i = 0, next = 0; i < shape.size(); ++i) {
      const bool chosen = next < axes.size() && axes[next] == i;
      next += chosen;
      if (chosen != (pass == 1)) continue;
      order.push_back(shape[i]);
      strides.push_back(x.strides()[i]);
    }
  b.x = dense(view(x, order, strides));
  b.outer = b.n ? x.numel() / b.n : reduced(shape, axes, false).numel();
  return b;
}

Shape broadcast_shape(const Shape& a, const Shape& b, const char* operation, Loc where) {
  Shape r = a.size() >= b.size() ? a : b;
  for (int i = 1; i <= std::min(a.size(), b.size()); ++i) {
    const auto na = a[a.size() - i], nb = b[b.size() - i];
    if (na != nb && na != 1 && nb != 1)
      throw Error(operation,
                  {.wrong = "the shapes do not broadcast",
                   .got = to_string(a) + " and " + to_string(b),
                   .expected = "on each axis, counted from the last, equal sizes or 1; axis -" + std::to_string(i) +
                               " has " + std::to_string(na) + " and " + std::to_string(nb),
                   .advice = "reshape or unsqueeze one of them"},
                  user_line(where));
    r[r.size() - i] = na == 1 ? nb : na;
  }
  return r;
}

Tensor broadcast_view(const Tensor& x, const Shape& to, const char* operation, Loc where) {
  const Shape& from = x.shape();
  if (from == to) return x;
  const int extra = to.size() - from.size();
  Shape strides = to;
  bool broadcasts = extra >= 0;
  for (int i = 0; broadcasts && i < to.size(); ++i) {
    const std::int64_t n = i < extra ? 1 : from.begin()[i - extra];
    broadcasts = n == to.begin()[i] || n == 1;
    strides[i] = n == 1 ? 0 : x.impl()->strides.begin()[i - extra];
  }
  if (!broadcasts)
    throw Error(operation,
                {.wrong = "the tensor does not broadcast to this shape",
                 .got = to_string(from),
                 .expected = to_string(to),
                 .advice = "only axes of size 1 can be expanded, and new axes come first"},
                user_line(where));
  return view(x, to, strides);
}

}  // namespace gradus::detail

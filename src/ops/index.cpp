// By index: entries picked, and their transposes, which add at the indices.
#include <algorithm>

#include "ops/binary.hpp"
#include "ops/lines.hpp"
#include "ops/wrapping.hpp"
#include "tensor/make.hpp"

namespace gradus {

using namespace detail;

namespace {

// The positions as a dense tensor, each in 0 … n - 1.
Tensor checked(const Fwd& f, const Tensor& index, std::int64_t n) {
  const Tensor at = dense(index);
  const std::int64_t* i = detail::data<std::int64_t>(at);
  const std::int64_t* bad = std::find_if(i, i + at.numel(), [n](std::int64_t v) { return v < 0 || v >= n; });
  if (bad != i + at.numel())
    f.fail({.wrong = "an index is out of range",
            .got = formatted("{}, at position {} of the indices", *bad, bad - i),
            .expected = n ? formatted("0 to {}", n - 1) : std::string("an axis that is not empty"),
            .advice = *bad < 0 ? "negative indices do not count from the end here" : ""});
  return at;
}

// ---- whole rows ----

// Adds y's rows to x's, x being dense and this call's to change.
void add_rows(const char* operation, const Tensor& x, std::int64_t axis, const Tensor& at, const Tensor& y) {
  const Block b = block(x, Shape{axis});
  const Tensor from = dense(y);
  visit(x.dtype(), [&]<class T>() {
    const auto kernel = kernels::table<T>().index_add;
    if (!kernel) refuse_dtype(operation, x.dtype(), Loc());
    const std::int64_t m = at.numel(), each = b.n * b.inner;
    const auto run = [&](std::int64_t begin, std::int64_t end) {
      kernel(end - begin, b.n, b.inner, detail::data<T>(x) + begin * each, m, detail::data<std::int64_t>(at),
             detail::data<T>(from) + begin * m * b.inner);
    };
    if (from.numel() < 2 * grain)
      run(0, b.outer);
    else
      kernels::parallel_for(b.outer, std::max<std::int64_t>(1, grain / (m * b.inner)), run);
  });
}

struct IndexSelect {
  std::int64_t axis = 0;
  static constexpr auto name = "index_select", inputs = "x index";
  std::string formula(int) const { return formatted("y[{0}h, …] = x[{0}index[h], …]", before(axis)); }
  std::string rule(int) const { return formatted("dx[{0}index[h], …] += g[{0}h, …]", before(axis)); }

  static constexpr Saves saves{in1};
  void fields(auto& v) const { v("axis", axis); }
  Tensor forward(Fwd& f, Ins in) const {
    const Block b = block(in[0], Shape{axis});
    const Tensor at = checked(f, in[1], b.n);
    const std::int64_t m = at.numel();
    Shape shape = in[0].shape();
    shape[static_cast<int>(axis)] = m;
    Tensor y = make(shape, in[0].dtype(), f.name, f.where);
    visit(y.dtype(), [&]<class T>() {
      const auto kernel = kernels::table<T>().index_select;
      const T* x = detail::data<T>(b.x);
      const std::int64_t* i = detail::data<std::int64_t>(at);
      T* to = detail::data<T>(y);
      if (y.numel() < 2 * grain) return kernel(b.outer, b.n, b.inner, x, m, i, to);
      // Pieces of the outer axis, or of the indices where there is no outer axis: an embedding.
      const bool rows = b.outer == 1;
      const std::int64_t each = y.numel() / (rows ? m : b.outer);
      kernels::parallel_for(rows ? m : b.outer, std::max<std::int64_t>(1, grain / each),
                            [&](std::int64_t begin, std::int64_t end) {
                              if (rows)
                                kernel(1, b.n, b.inner, x, end - begin, i + begin, to + begin * each);
                              else
                                kernel(end - begin, b.n, b.inner, x + begin * b.n * b.inner, m, i, to + begin * each);
                            });
    });
    return y;
  }
  void vjp(Vjp& v) const { v.give(0, index_add(zeros(v.shape(0), v.dtype(0)), static_cast<int>(axis), v.in(1), v.g)); }
  void fast(Vjp& v) const { add_rows(name, v.accumulator(0), axis, dense(v.in(1)), v.g); }
};

struct IndexAdd {
  std::int64_t axis = 0;
  static constexpr auto name = "index_add", inputs = "x index a";
  std::string formula(int) const { return formatted("y = x   y[{0}index[h], …] += a[{0}h, …]", before(axis)); }
  std::string rule(int) const { return formatted("dx = g   da[{0}h, …] = g[{0}index[h], …]", before(axis)); }

  static constexpr Saves saves{0u, 0u, in1};
  void fields(auto& v) const { v("axis", axis); }
  Tensor forward(Fwd& f, Ins in) const {
    const Tensor at = checked(f, in[1], in[0].shape()[static_cast<int>(axis)]);
    const Tensor y = clone(in[0]);
    add_rows(name, y, axis, at, in[2]);
    return y;
  }
  void vjp(Vjp& v) const {
    if (v.wants(0)) v.give(0, v.g);
    if (v.wants(2)) v.give(2, index_select(v.g, static_cast<int>(axis), v.in(1)));
  }
};

// ---- single elements ----

// x seen from each index: the index's shape, and no step along the axis, where the index says how far to go.
Tensor origins(const Tensor& x, std::int64_t axis, const Tensor& index) {
  Shape strides = x.strides();
  strides[static_cast<int>(axis)] = 0;
  return view(x, index.shape(), strides);
}

// x, which this call may change, gets y's elements added.
void add_elements(const Tensor& x, std::int64_t axis, const Tensor& index, const Tensor& y) {
  const Tensor origin = origins(x, axis, index);
  const std::int64_t step = x.strides()[static_cast<int>(axis)];
  if (index.numel() == 0) return;
  const Nest<3> r = nest<3>(index.shape(), {index.impl(), origin.impl(), y.impl()});
  std::int64_t s[3] = {};
  for (int k = 0; k < 3 && r.dims; ++k) s[k] = r.stride[k][r.dims - 1];
  visit(x.dtype(), [&]<class T>() {
    const std::int64_t* at = detail::data<std::int64_t>(index);
    T* to = detail::data<T>(origin);
    const T* from = detail::data<T>(y);
    for_rows(r, 0, index.numel() / r.inner(), [&](const std::int64_t* o, std::int64_t) {
      for (std::int64_t i = 0; i < r.inner(); ++i) {
        T& sum = to[o[1] + i * s[1] + at[o[0] + i * s[0]] * step];
        sum = wrapping_sum(sum, from[o[2] + i * s[2]]);
      }
    });
  });
}

// The same with y's elements in the place of x's, the last one where several go to one place.
void set_elements(const Tensor& x, std::int64_t axis, const Tensor& index, const Tensor& y) {
  const Tensor origin = origins(x, axis, index);
  const std::int64_t step = x.strides()[static_cast<int>(axis)];
  if (index.numel() == 0) return;
  const Nest<2> r = nest<2>(index.shape(), {index.impl(), origin.impl()});
  const std::int64_t along = r.dims ? r.stride[1][r.dims - 1] : 0;
  visit(x.dtype(), [&]<class T>() {
    const std::int64_t* at = detail::data<std::int64_t>(index);
    T* to = detail::data<T>(origin);
    const T* from = detail::data<T>(y);
    for_rows(r, 0, index.numel() / r.inner(), [&](const std::int64_t* o, std::int64_t first) {
      for (std::int64_t i = 0; i < r.inner(); ++i) to[o[1] + i * along + at[first + i] * step] = from[first + i];
    });
  });
}

struct Gather {
  std::int64_t axis = 0;
  static constexpr auto name = "gather", inputs = "x index";
  std::string formula(int) const { return formatted("y[{0}h, …] = x[{0}index[{0}h, …], …]", before(axis)); }
  std::string rule(int) const { return formatted("dx[{0}index[{0}h, …], …] += g[{0}h, …]", before(axis)); }

  static constexpr Saves saves{in1};
  void fields(auto& v) const { v("axis", axis); }
  Tensor forward(Fwd& f, Ins in) const {
    const Tensor at = checked(f, in[1], in[0].shape()[static_cast<int>(axis)]);
    const Tensor origin = origins(in[0], axis, at);
    const std::int64_t step = in[0].strides()[static_cast<int>(axis)];
    const Tensor y = empty(at.shape(), in[0].dtype());
    visit(y.dtype(), [&]<class T>() {
      const std::int64_t* index = detail::data<std::int64_t>(at);
      const T* from = detail::data<T>(origin);
      T* to = detail::data<T>(y);
      for_elements<2>(at.shape(), {at.impl(), origin.impl()}, [&](auto n, const auto* o, const auto* s, auto first) {
        for (std::int64_t i = 0; i < n; ++i) to[first + i] = from[o[1] + i * s[1] + index[o[0] + i * s[0]] * step];
      });
    });
    return y;
  }
  void vjp(Vjp& v) const {
    v.give(0, scatter_add(zeros(v.shape(0), v.dtype(0)), static_cast<int>(axis), v.in(1), v.g));
  }
  void fast(Vjp& v) const { add_elements(v.accumulator(0), axis, v.in(1), v.g); }
};

struct ScatterAdd {
  std::int64_t axis = 0;
  static constexpr auto name = "scatter_add", inputs = "x index a";
  std::string formula(int) const { return formatted("y = x   y[{0}index[{0}h, …], …] += a[{0}h, …]", before(axis)); }
  std::string rule(int) const { return formatted("dx = g   da[{0}h, …] = g[{0}index[{0}h, …], …]", before(axis)); }

  static constexpr Saves saves{0u, 0u, in1};
  void fields(auto& v) const { v("axis", axis); }
  Tensor forward(Fwd& f, Ins in) const {
    const Tensor at = checked(f, in[1], in[0].shape()[static_cast<int>(axis)]);
    const Tensor y = clone(in[0]);
    add_elements(y, axis, at, in[2]);
    return y;
  }
  void vjp(Vjp& v) const {
    if (v.wants(0)) v.give(0, v.g);
    if (v.wants(2)) v.give(2, gather(v.g, static_cast<int>(axis), v.in(1)));
  }
};

struct Scatter {
  std::int64_t axis = 0;
  static constexpr auto name = "scatter", inputs = "x index a";
  std::string formula(int) const { return formatted("y = x   y[{0}index[{0}h, …], …] = a[{0}h, …]", before(axis)); }
  std::string rule(int) const {
    return formatted(
        "dx = g   dx[{0}index[{0}h, …], …] = 0   "
        "da = gather(g, index, axis {1}) where last(index, axis {1}), else 0",
        before(axis), axis);
  }

  static constexpr Saves saves{in1, 0u, in1};
  void fields(auto& v) const { v("axis", axis); }
  Tensor forward(Fwd& f, Ins in) const {
    const Tensor at = checked(f, in[1], in[0].shape()[static_cast<int>(axis)]);
    const Tensor y = empty(in[0].shape(), in[0].dtype());
    copy_strided(*in[0].impl(), *y.impl());
    set_elements(y, axis, at, dense(in[2]));
    return y;
  }
  void vjp(Vjp& v) const {
    const int along = static_cast<int>(axis);
    const Tensor& index = v.in(1);
    if (v.wants(0)) v.give(0, scatter(v.g, along, index, 0));
    if (!v.wants(2)) return;
    const Tensor order = reshape(arange(index.numel()), index.shape());
    const Tensor last = gather(scatter(zeros(v.g.shape(), i64), along, index, order), along, index);
    v.give(2, where(eq(last, order), gather(v.g, along, index), 0));
  }
};

constexpr const OpTable* rows[] = {
    &op_table<IndexSelect>, &op_table<IndexAdd>, &op_table<Gather>, &op_table<ScatterAdd>, &op_table<Scatter>,
};

// ---- arguments ----

// The axis, after what all four want of x and the index.
std::int64_t check(const char* operation, const Arg& x, int axis, const Arg& index) {
  check_defined(x, operation, x.where);
  check_dtype(operation, "the index", index, i64);
  return normal_axis(axis, x.tensor().dim(), operation, x.where);
}

std::int64_t check_row(const char* operation, const Arg& x, int axis, const Arg& index) {
  const std::int64_t a = check(operation, x, axis, index);
  if (index.tensor().dim() != 1)
    fail(operation,
         {.wrong = "the index has the wrong number of axes",
          .got = "shape " + to_string(index.tensor().shape()),
          .expected = "one axis",
          .advice = "to pick single elements call gather"},
         x);
  return a;
}

std::int64_t check_elements(const char* operation, const Arg& x, int axis, const Arg& index) {
  const std::int64_t a = check(operation, x, axis, index);
  const Shape &from = x.tensor().shape(), &at = index.tensor().shape();
  bool fits = from.size() == at.size();
  for (int i = 0; fits && i < from.size(); ++i) fits = i == a || at[i] <= from[i];
  if (!fits)
    fail(operation,
         {.wrong = "the index is larger than the tensor, or has another number of axes",
          .got = formatted("index {}, x {}", to_string(at), to_string(from)),
          .expected = formatted("{} axes, none longer than that of x except axis {}", from.size(), a)},
         x);
  return a;
}

void check_numbers(const char* operation, const Arg& x, const Arg& y, const Shape& shape, bool takes_bool = false) {
  check_same_dtype(operation, x, y);
  if (x.tensor().dtype() == boolean && !takes_bool) refuse_dtype(operation, boolean, x.where);
  if (y.tensor().shape() != shape)
    fail(operation,
         {.wrong = "y has the wrong shape",
          .got = "y " + to_string(y.tensor().shape()),
          .expected = "y " + to_string(shape)},
         x);
}

}  // namespace

Rows detail::index_rows() { return rows; }

Tensor index_select(Arg x, int axis, Arg index) {
  return apply(IndexSelect{check_row("index_select", x, axis, index)}, x, index);
}

Tensor index_add(Arg x, int axis, Arg index, Arg y) {
  const std::int64_t a = check_row("index_add", x, axis, index);
  Shape shape = x.tensor().shape();
  shape[static_cast<int>(a)] = index.tensor().numel();
  check_numbers("index_add", x, y, shape);
  return apply(IndexAdd{a}, x, index, y);
}

Tensor gather(Arg x, int axis, Arg index) { return apply(Gather{check_elements("gather", x, axis, index)}, x, index); }

Tensor scatter_add(Arg x, int axis, Arg index, Arg y) {
  const std::int64_t a = check_elements("scatter_add", x, axis, index);
  check_numbers("scatter_add", x, y, index.tensor().shape());
  return apply(ScatterAdd{a}, x, index, y);
}

Tensor scatter(Arg x, int axis, Arg index, Arg y) {
  const std::int64_t a = check_elements("scatter", x, axis, index);
  if (y.is_number()) {
    const Tensor number = constant("scatter", Arg(y.number(), x.where), x);
    const Tensor all = broadcast_view(number, index.tensor().shape(), "scatter", x.where);
    return apply(Scatter{a}, x, index, Arg(all, x.where));
  }
  check_numbers("scatter", x, y, index.tensor().shape(), true);
  return apply(Scatter{a}, x, index, y);
}

Tensor embedding(Arg weight, Arg indices, std::int64_t padding_idx) {
  check_defined(weight, "embedding", weight.where);
  check_dtype("embedding", "the indices", indices, i64);
  const Tensor &table = weight, &index = indices;
  if (table.dim() != 2)
    fail("embedding",
         {.wrong = "the weight is not a matrix",
          .got = "shape " + to_string(table.shape()),
          .expected = "two axes: (count, width)"},
         weight);
  if (padding_idx < -1 || padding_idx >= table.size(0))
    fail("embedding",
         {.wrong = "padding_idx is out of range",
          .got = std::to_string(padding_idx),
          .expected = formatted("0 to {}, or -1 for none", table.size(0) - 1)},
         weight);
  const At at(weight);
  const Tensor list = reshape(checked(Fwd("embedding", user_line(weight.where)), index, table.size(0)), {-1});
  Tensor picked = apply(IndexSelect{0}, weight, list);
  // The padding rows' numbers are taken as constants: no gradient passes.
  if (padding_idx >= 0)
    picked = where(unsqueeze(eq(list, static_cast<double>(padding_idx)), 1), picked.detach(), picked);
  Shape shape = index.shape();
  if (shape.size() == 1) return picked;
  if (shape.size() == max_dims)
    fail("embedding",
         {.wrong = "the indices have too many axes", .got = "shape " + to_string(shape), .expected = "at most 7"},
         weight);
  shape.push_back(table.size(1));
  return reshape(picked, shape);
}

Tensor one_hot(Arg labels, std::int64_t classes, DType dtype) {
  check_dtype("one_hot", "the labels", labels, i64);
  const Tensor list = dense(labels);
  Shape shape = list.shape();
  const bool counts = classes >= 1 && classes <= largest_option;
  if (!counts || shape.size() == max_dims)
    fail("one_hot",
         {.wrong = !counts ? "the number of classes is out of range" : "the labels have too many axes",
          .got = formatted("{} classes, labels of shape {}", classes, to_string(shape)),
          .expected = "1 to 2^31 classes, labels of at most 7 axes"},
         labels);
  shape.push_back(classes);
  const Loc line = user_line(labels.where);
  const Tensor at = checked(Fwd("one_hot", line), list, classes), y = make(shape, dtype, "one_hot", line);
  zero_strided(*y.impl());
  visit(dtype, [&]<class T>() {
    for (std::int64_t i = 0; i < at.numel(); ++i)
      detail::data<T>(y)[i * classes + detail::data<std::int64_t>(at)[i]] = T(1);
  });
  return y;
}

}  // namespace gradus

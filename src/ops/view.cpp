// Views: other shapes and strides over the same numbers.
#include <algorithm>

#include "ops/common.hpp"
#include "ops/lines.hpp"
#include "tensor/make.hpp"

namespace gradus {

using namespace detail;

namespace {

// The strides under which x's numbers, where they lie, have another shape. False: they would have to move.
bool restride(const TensorImpl& x, const Shape& to, Shape& strides) {
  strides = row_major(to);
  if (x.contiguous) return true;
  const Nest<1> chunks = nest<1>(x.shape, {&x});
  int d = to.size() - 1;
  for (int c = chunks.dims - 1; c >= 0; --c) {
    std::int64_t n = 1;
    for (; d >= 0 && n < chunks.size[c]; --d) {
      strides[d] = n * chunks.stride[0][c];
      n *= to[d];
    }
    if (n != chunks.size[c]) return false;
  }
  return true;
}

// Start, stop and step on every axis cut a window of this shape …
Shape extent(const Shape& start, const Shape& stop, const Shape& step) {
  Shape size;
  for (int i = 0; i < start.size(); ++i)
    size.push_back(stop[i] > start[i] ? (stop[i] - start[i] - 1) / step[i] + 1 : 0);
  return size;
}
// … out of x.
Tensor window(const Tensor& x, const Shape& start, const Shape& stop, const Shape& step) {
  Shape strides = x.strides();
  std::int64_t offset = 0;
  for (int i = 0; i < start.size(); ++i) {
    offset += start[i] * strides[i];
    strides[i] *= step[i];
  }
  return view(x, extent(start, stop, step), strides, offset);
}

// ---- the operations ----

struct Expand {
  Shape shape;
  static constexpr auto name = "expand";
  std::string formula(int) const { return "y = x expanded to " + to_string(shape); }
  std::string rule(int) const { return "dx = g summed to the shape of x"; }
  static constexpr Saves saves{};
  void fields(auto& v) const { v("shape", shape); }
  Tensor forward(Fwd& f, Ins in) const {
    const Tensor y = broadcast_view(in[0], shape, f.name, f.where);
    return y.is_same(in[0]) ? alias(y) : y;
  }
  void vjp(Vjp& v) const {
    const Shape& to = v.shape(0);
    const int extra = shape.size() - to.size();
    Axes grown;
    for (int i = 0; i < shape.size(); ++i)
      if (i < extra || shape[i] != to[i - extra]) grown.push_back(i);
    if (grown.empty()) return v.give(0, v.g);
    const Tensor total = sum(v.g, grown, extra == 0);
    v.give(0, total.shape() == to ? total : reshape(total, to));
  }
  // A bias over a batch, the most common one: rows are added up.
  void fast(Vjp& v) const {
    const Shape& to = v.shape(0);
    const TensorImpl& g = *v.g.impl();
    bool rows = g.contiguous && shape.size() > to.size();
    for (int i = 1; rows && i <= to.size(); ++i) rows = shape[shape.size() - i] == to[to.size() - i];
    if (!rows) return vjp(v);
    Tensor total = empty(to, g.dtype);
    const TensorImpl& y = *total.impl();
    visit_floating(g.dtype, [&]<class T>() {
      kernels::table<T>().sum(1, y.numel ? g.numel / y.numel : 0, y.numel, g.as<T>(), y.as<T>());
    });
    v.give(0, std::move(total));
  }
};

struct Reshape {
  Shape shape;
  static constexpr auto name = "reshape";
  std::string formula(int) const { return "y = x reshaped to " + to_string(shape); }
  std::string rule(int) const { return "dx = g reshaped to the shape of x"; }
  static constexpr Saves saves{};
  void fields(auto& v) const { v("shape", shape); }
  Tensor forward(Fwd&, Ins in) const {
    Shape strides;
    if (restride(*in[0].impl(), shape, strides)) return view(in[0], shape, strides);
    Tensor y = empty(shape, in[0].dtype());
    copy_strided(*in[0].impl(), *y.impl());
    return y;
  }
  void vjp(Vjp& v) const { v.give(0, reshape(v.g, v.shape(0))); }
};

struct Permute {
  Shape axes;
  static constexpr auto name = "permute";
  std::string formula(int) const {
    return axes.empty() ? "y = x" : "y" + places(axes) + " = x" + in_order(axes.size());
  }
  std::string rule(int) const { return axes.empty() ? "dx = g" : "dx" + in_order(axes.size()) + " = g" + places(axes); }
  static constexpr Saves saves{};
  void fields(auto& v) const { v("axes", axes); }
  Tensor forward(Fwd&, Ins in) const {
    Shape shape, strides;
    for (const auto axis : axes) {
      shape.push_back(in[0].shape()[static_cast<int>(axis)]);
      strides.push_back(in[0].strides()[static_cast<int>(axis)]);
    }
    return view(in[0], shape, strides);
  }
  void vjp(Vjp& v) const {
    Shape back = axes;
    for (int i = 0; i < axes.size(); ++i) back[static_cast<int>(axes[i])] = i;
    v.give(0, apply(Permute{back}, v.g));
  }
};

struct Slice {
  Shape start, stop, step;
  static constexpr auto name = "slice";
  std::string formula(int) const {
    return start.empty() ? "y = x" : "y" + in_order(start.size()) + " = x" + stepped(start, step);
  }
  std::string rule(int) const {
    return start.empty() ? "dx = g" : "dx" + stepped(start, step) + " += g" + in_order(start.size());
  }
  static constexpr Saves saves{};
  void fields(auto& v) const {
    v("start", start);
    v("stop", stop);
    v("step", step);
  }
  Tensor forward(Fwd&, Ins in) const { return window(in[0], start, stop, step); }
  void vjp(Vjp& v) const;
  void fast(Vjp& v) const { add_strided(*v.g.impl(), 1, *window(v.accumulator(0), start, stop, step).impl()); }
};

struct Unslice {
  Shape shape, start, stop, step;
  static constexpr auto name = "unslice";
  std::string formula(int) const {
    return start.empty() ? "y = x" : "y" + stepped(start, step) + " += x" + in_order(start.size());
  }
  std::string rule(int) const {
    return start.empty() ? "dx = g" : "dx" + in_order(start.size()) + " = g" + stepped(start, step);
  }
  static constexpr Saves saves{};
  void fields(auto& v) const {
    v("shape", shape);
    v("start", start);
    v("stop", stop);
    v("step", step);
  }
  Tensor forward(Fwd& f, Ins in) const {
    Tensor y = make(shape, in[0].dtype(), f.name, f.where);
    zero_strided(*y.impl());
    assign_strided(*in[0].impl(), *window(y, start, stop, step).impl());
    return y;
  }
  void vjp(Vjp& v) const { v.give(0, apply(Slice{start, stop, step}, v.g)); }
};

void Slice::vjp(Vjp& v) const { v.give(0, apply(Unslice{v.shape(0), start, stop, step}, v.g)); }

constexpr const OpTable* rows[] = {
    &op_table<Expand>, &op_table<Reshape>, &op_table<Permute>, &op_table<Slice>, &op_table<Unslice>,
};

// ---- arguments ----

// Negative bounds count from the end, bounds beyond it are cut; axes without a range are taken whole.
Slice resolve(const char* operation, const Shape& shape, std::span<const Range> ranges, const Arg& x) {
  if (static_cast<int>(ranges.size()) > shape.size())
    fail(operation,
         {.wrong = "there are more ranges than axes",
          .got = formatted("{} ranges for shape {}", ranges.size(), to_string(shape)),
          .expected = formatted("at most {} ranges", shape.size())},
         x);
  Slice s;
  for (int i = 0; i < shape.size(); ++i) {
    const std::int64_t n = shape[i];
    const Range r = static_cast<std::size_t>(i) < ranges.size() ? ranges[static_cast<std::size_t>(i)] : Range{};
    if (r.step < 1)
      fail(operation,
           {.wrong = "a step is out of range",
            .got = formatted("step {} on axis {}", r.step, i),
            .expected = "1 or more",
            .advice = "flip(x, axis) reverses an axis"},
           x);
    const auto bound = [n](std::int64_t at) { return std::clamp<std::int64_t>(at < 0 ? at + n : at, 0, n); };
    s.start.push_back(bound(r.start));
    s.stop.push_back(bound(r.stop));
    s.step.push_back(std::min(r.step, std::max<std::int64_t>(1, n)));  // as far as any, and no stride overflows
  }
  return s;
}

Tensor slice_as(const char* operation, Arg x, std::span<const Range> ranges) {
  check_defined(x, operation, x.where);
  return apply(resolve(operation, x.tensor().shape(), ranges, x), x);
}

Tensor slice_axis(const char* operation, Arg x, int axis, Range range) {
  check_defined(x, operation, x.where);
  Range ranges[max_dims];
  const auto at = normal_axis(axis, x.tensor().dim(), operation, x.where);
  ranges[at] = range;
  return slice_as(operation, x, std::span(ranges, static_cast<std::size_t>(at) + 1));
}

// Sizes multiplied as doubles: what a caller asks for may not fit an integer.
double count(const Shape& shape) {
  double n = 1;
  for (const auto size : shape) n *= static_cast<double>(size);
  return n;
}
void check_countable(const char* operation, const Shape& shape, const Arg& x) {
  double n = 1;
  for (const auto size : shape) n *= static_cast<double>(std::max<std::int64_t>(1, size));
  if (n >= 0x1p60)
    fail(operation,
         {.wrong = "the shape is too large", .got = to_string(shape), .expected = "fewer than 2^60 elements"}, x);
}

Tensor reshape_as(const char* operation, Arg x, Shape to) {
  check_defined(x, operation, x.where);
  const Tensor& t = x;
  int open = -1;
  const auto refuse = [&](const char* wrong, std::string expected) {
    fail(operation,
         {.wrong = wrong, .got = to_string(t.shape()) + " to " + to_string(to), .expected = std::move(expected)}, x);
  };
  for (int i = 0; i < to.size(); ++i) {
    if (to[i] < -1) refuse("a size is negative", "sizes of 0 or more; one may be -1, for the rest");
    if (to[i] == -1 && open >= 0) refuse("more than one size is -1", "at most one -1");
    if (to[i] == -1) open = i;
  }
  const auto elements = [&] { return formatted("a shape of {} elements", t.numel()); };
  if (open >= 0) {
    to[open] = 1;
    const double known = count(to);
    const bool fits = known > 0 && known < 0x1p62 && t.numel() % static_cast<std::int64_t>(known) == 0;
    to[open] = fits ? t.numel() / static_cast<std::int64_t>(known) : -1;
    if (!fits) refuse("the number of elements is not divisible by the other sizes", elements());
  } else if (count(to) != static_cast<double>(t.numel())) {
    refuse("the shapes have different numbers of elements", elements());
  }
  check_countable(operation, to, x);
  return apply(Reshape{to}, x);
}

}  // namespace

Rows detail::view_rows() { return rows; }

// ---- the functions ----

namespace {

// The shape that is meant: -1 keeps the size of an axis of x.
[[gnu::noinline]] Shape with_kept_sizes(const Arg& x, const Shape& asked) {
  const Shape& from = x.tensor().shape();
  const int extra = asked.size() - from.size();
  Shape shape = asked;
  for (int i = 0; i < shape.size(); ++i) {
    if (shape[i] == -1 && i >= extra) shape[i] = from[i - extra];
    if (shape[i] < 0)
      fail("expand",
           {.wrong = "a size is negative",
            .got = to_string(from) + " to " + to_string(asked),
            .expected = "sizes of 0 or more; -1 keeps the size of an axis of x"},
           x);
  }
  return shape;
}

}  // namespace

Tensor expand(Arg x, Shape shape) {
  check_defined(x, "expand", x.where);
  if (std::any_of(shape.begin(), shape.end(), [](std::int64_t size) { return size < 0; }))
    shape = with_kept_sizes(x, shape);
  check_countable("expand", shape, x);
  return apply(Expand{shape}, x);
}

Tensor reshape(Arg x, Shape shape) { return reshape_as("reshape", x, shape); }

Tensor flatten(Arg x, int first, int last) {
  check_defined(x, "flatten", x.where);
  const Shape& from = x.tensor().shape();
  if (from.empty()) return reshape_as("flatten", x, {1});
  const auto begin = normal_axis(first, from.size(), "flatten", x.where);
  const auto end = normal_axis(last, from.size(), "flatten", x.where);
  if (begin > end)
    fail("flatten",
         {.wrong = "the first axis comes after the last",
          .got = formatted("axes {} to {} of shape {}", first, last, to_string(from)),
          .expected = "first <= last"},
         x);
  Shape to;
  for (int i = 0; i < from.size(); ++i)
    if (i > begin && i <= end)
      to[to.size() - 1] *= from[i];
    else
      to.push_back(from[i]);
  return apply(Reshape{to}, x);
}

Tensor permute(Arg x, Axes axes) {
  check_defined(x, "permute", x.where);
  const int dims = x.tensor().dim();
  if (axes.size() != dims)
    fail("permute",
         {.wrong = "the number of axes differs from the tensor's",
          .got = formatted("axes {} for shape {}", to_string(axes), to_string(x.tensor().shape())),
          .expected = formatted("each of the {} axes once", dims)},
         x);
  normal_axes(axes, dims, "permute", x.where);  // each once
  for (int i = 0; i < dims; ++i) axes[i] = normal_axis(axes[i], dims, "permute", x.where);
  return apply(Permute{axes}, x);
}

Tensor transpose(Arg x, int axis0, int axis1) {
  check_defined(x, "transpose", x.where);
  const int dims = x.tensor().dim();
  Shape axes;
  for (int i = 0; i < dims; ++i) axes.push_back(i);
  const auto a = normal_axis(axis0, dims, "transpose", x.where), b = normal_axis(axis1, dims, "transpose", x.where);
  std::swap(axes[static_cast<int>(a)], axes[static_cast<int>(b)]);
  return apply(Permute{axes}, x);
}

Tensor squeeze(Arg x) {
  check_defined(x, "squeeze", x.where);
  Shape to;
  for (const auto size : x.tensor().shape())
    if (size != 1) to.push_back(size);
  return apply(Reshape{to}, x);
}

Tensor squeeze(Arg x, int axis) {
  check_defined(x, "squeeze", x.where);
  Shape to = x.tensor().shape();
  const int at = static_cast<int>(normal_axis(axis, to.size(), "squeeze", x.where));
  if (to[at] == 1) to.erase(at);
  return apply(Reshape{to}, x);
}

Tensor unsqueeze(Arg x, int axis) {
  check_defined(x, "unsqueeze", x.where);
  Shape to = x.tensor().shape();
  if (to.size() == max_dims)
    fail("unsqueeze",
         {.wrong = "the result would have too many axes", .got = std::to_string(max_dims + 1), .expected = "at most 8"},
         x);
  to.insert(static_cast<int>(normal_axis(axis, to.size() + 1, "unsqueeze", x.where)), 1);
  return apply(Reshape{to}, x);
}

Tensor slice(Arg x, std::span<const Range> ranges) { return slice_as("slice", x, ranges); }
Tensor slice(Arg x, std::initializer_list<Range> ranges) {
  return slice_as("slice", x, std::span(ranges.begin(), ranges.size()));
}
Tensor slice(Arg x, int axis, Range range) { return slice_axis("slice", x, axis, range); }

Tensor unslice(Arg g, Shape shape, std::span<const Range> ranges) {
  check_defined(g, "unslice", g.where);
  for (const auto size : shape)
    if (size < 0) fail("unslice", {.wrong = "a size is negative", .got = "shape " + to_string(shape)}, g);
  const Slice s = resolve("unslice", shape, ranges, g);
  const Shape cut = extent(s.start, s.stop, s.step);
  if (cut != g.tensor().shape())
    fail("unslice",
         {.wrong = "g has another shape than the window",
          .got = "g " + to_string(g.tensor().shape()),
          .expected = formatted("g {}: the window of these ranges in {}", to_string(cut), to_string(shape))},
         g);
  return apply(Unslice{shape, s.start, s.stop, s.step}, g);
}

}  // namespace gradus

// Rearrangements: numbers put in other places. What only picks entries along an axis is an index_select.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "ops/common.hpp"
#include "ops/lines.hpp"
#include "tensor/make.hpp"
#include "tensor/number.hpp"

namespace gradus {

using namespace detail;

namespace {

Tensor copy(const Tensor& x) {
  Tensor y = empty(x.shape(), x.dtype());
  copy_strided(*x.impl(), *y.impl());
  return y;
}

// ---- the operations ----

struct Concat {
  std::int64_t axis = 0;
  Shape sizes;  // of the parts along the axis; a single one holds for all
  static constexpr auto name = "concat", inputs = "x*";
  std::string formula(int count) const {
    return shares(count, [&](int k) { return formatted("y{} += x{}[{}h, …]", part(k), k, before(axis)); });
  }
  std::string rule(int count) const {
    return shares(count, [&](int k) { return formatted("dx{}[{}h, …] = g{}", k, before(axis), part(k)); });
  }
  // "[i, h + 3, …]"
  std::string part(int k) const {
    const auto start = place(k).start;
    return formatted("[{}h{}, …]", before(axis), start ? " + " + std::to_string(start) : "");
  }

  static constexpr Saves saves{};
  void fields(auto& v) const {
    v("axis", axis);
    v("sizes", sizes);
  }
  Range place(int part) const {
    if (sizes.size() == 1) return {part * sizes[0], (part + 1) * sizes[0]};
    std::int64_t start = 0;
    for (int i = 0; i < part; ++i) start += sizes[i];
    return {start, start + sizes[part]};
  }
  Tensor forward(Fwd& f, Ins in) const {
    const int a = static_cast<int>(axis);
    Shape shape = in[0].shape();
    shape[a] = place(in.size() - 1).stop;
    const Tensor y = make(shape, in[0].dtype(), f.name, f.where);
    for (int i = 0; i < in.size(); ++i)
      assign_strided(*in[i].impl(), *view(y, in[i].shape(), y.strides(), place(i).start * y.strides()[a]).impl());
    return y;
  }
  void vjp(Vjp& v) const {
    for (int i = 0; i < v.inputs(); ++i)
      if (v.wants(i)) v.give(i, slice(v.g, static_cast<int>(axis), place(i)));
  }
};

struct Stack {
  std::int64_t axis = 0;
  static constexpr auto name = "stack", inputs = "x*";
  std::string formula(int count) const {
    return shares(count, [&](int k) { return formatted("y[{0}{1}, …] = x{1}[{0}…]", before(axis), k); });
  }
  std::string rule(int count) const {
    return shares(count, [&](int k) { return formatted("dx{1}[{0}…] = g[{0}{1}, …]", before(axis), k); });
  }

  static constexpr Saves saves{};
  void fields(auto& v) const { v("axis", axis); }
  Tensor forward(Fwd& f, Ins in) const {
    const int a = static_cast<int>(axis);
    Shape shape = in[0].shape();
    shape.insert(a, in.size());
    const Tensor y = make(shape, in[0].dtype(), f.name, f.where);
    Shape strides = y.strides();
    strides.erase(a);
    for (int i = 0; i < in.size(); ++i)
      assign_strided(*in[i].impl(), *view(y, in[i].shape(), strides, i * y.strides()[a]).impl());
    return y;
  }
  void vjp(Vjp& v) const {
    for (int i = 0; i < v.inputs(); ++i)
      if (v.wants(i)) v.give(i, select(v.g, static_cast<int>(axis), i));
  }
};

struct Flip {
  Shape axes;
  static constexpr auto name = "flip";
  std::string formula(int) const { return axes.empty() ? "y = x" : "y = flip(x" + over_axes(axes) + ")"; }
  std::string rule(int) const { return axes.empty() ? "dx = g" : "dx = flip(g" + over_axes(axes) + ")"; }

  static constexpr Saves saves{};
  void fields(auto& v) const { v("axes", axes); }
  Tensor forward(Fwd&, Ins in) const {
    Shape strides = in[0].strides();
    std::int64_t last = 0;
    for (const auto axis : axes) {
      std::int64_t& stride = strides[static_cast<int>(axis)];
      last += (in[0].shape()[static_cast<int>(axis)] - 1) * stride;
      stride = -stride;
    }
    return copy(view(in[0], in[0].shape(), strides, last));
  }
  void vjp(Vjp& v) const { v.give(0, apply(Flip{axes}, v.g)); }
};

struct Clone : Plain {
  static constexpr auto name = "clone", formula = "y = x", rule = "dx = g";
  static constexpr Saves saves{};
  Tensor forward(Fwd&, Ins in) const { return copy(in[0]); }
  void vjp(Vjp& v) const { v.give(0, v.g); }
};

constexpr const OpTable* rows[] = {&op_table<Concat>, &op_table<Stack>, &op_table<Flip>, &op_table<Clone>};

// ---- arguments ----

// Parts of one dtype, and of one shape but for `axis` (-1: no exception).
void check_parts(const char* operation, std::span<const Tensor> parts, int axis, Loc where) {
  if (parts.empty())
    fail(operation, {.wrong = "the list of tensors is empty", .expected = "at least one tensor"}, Arg(0, where));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    check_same_dtype(operation, Arg(parts[0], where), Arg(parts[i], where));
    const Shape& first = parts[0].shape();
    Shape shape = parts[i].shape();
    if (axis >= 0 && shape.size() == first.size()) shape[axis] = first[axis];
    if (shape != first)
      fail(operation,
           {.wrong = "the tensors have shapes that do not match",
            .got = formatted("tensor 0 {}, tensor {} {}", to_string(first), i, to_string(parts[i].shape())),
            .expected = axis < 0 ? "equal shapes" : formatted("equal sizes on every axis except axis {}", axis)},
           Arg(parts[0], where));
  }
}

std::vector<Arg> args(std::span<const Tensor> parts, Loc where) {
  std::vector<Arg> list;
  list.reserve(parts.size());
  for (const Tensor& part : parts) list.emplace_back(part, where);
  return list;
}

// index_select along `axis` with n entries, entry i taken from place(i).
template <class Place>
Tensor pick(const char* operation, const Arg& x, int axis, std::int64_t n, Place place) {
  const Tensor index = make(Shape{n}, i64, operation, user_line(x.where));
  for (std::int64_t i = 0; i < n; ++i) detail::data<std::int64_t>(index)[i] = place(i);
  return index_select(x, axis, index);
}

}  // namespace

Rows detail::arrange_rows() { return rows; }

// ---- the functions ----

Tensor concat(std::span<const Tensor> parts, int axis, Loc where) {
  if (!parts.empty()) {
    check_defined(parts[0], "concat", where);
    axis = static_cast<int>(normal_axis(axis, parts[0].dim(), "concat", where));
  }
  check_parts("concat", parts, axis, where);
  Shape sizes{parts[0].shape()[axis]};
  const bool equal = std::all_of(parts.begin(), parts.end(), [&](auto& p) { return p.shape()[axis] == sizes[0]; });
  if (equal) return apply(Concat{axis, sizes}, args(parts, where));
  if (parts.size() <= max_dims) {
    for (const Tensor& part : parts.subspan(1)) sizes.push_back(part.shape()[axis]);
    return apply(Concat{axis, sizes}, args(parts, where));
  }
  // An attribute holds eight sizes: more parts are joined by eights.
  std::vector<Tensor> joined;
  for (std::size_t i = 0; i < parts.size(); i += max_dims)
    joined.push_back(concat(parts.subspan(i, std::min<std::size_t>(max_dims, parts.size() - i)), axis, where));
  return concat(joined, axis, where);
}
Tensor concat(std::initializer_list<Tensor> parts, int axis, Loc where) {
  return concat(std::span(parts.begin(), parts.size()), axis, where);
}

Tensor stack(std::span<const Tensor> parts, int axis, Loc where) {
  check_parts("stack", parts, -1, where);
  const int dims = parts[0].dim();
  if (dims == max_dims)
    fail("stack",
         {.wrong = "the result would have too many axes", .got = std::to_string(dims + 1), .expected = "at most 8"},
         Arg(parts[0], where));
  return apply(Stack{normal_axis(axis, dims + 1, "stack", where)}, args(parts, where));
}
Tensor stack(std::initializer_list<Tensor> parts, int axis, Loc where) {
  return stack(std::span(parts.begin(), parts.size()), axis, where);
}

std::vector<Tensor> split(Arg x, std::int64_t size, int axis) {
  check_defined(x, "split", x.where);
  if (size < 1)
    fail("split",
         {.wrong = "the size of a piece is out of range", .got = std::to_string(size), .expected = "1 or more"}, x);
  std::int64_t left = x.tensor().shape()[static_cast<int>(normal_axis(axis, x.tensor().dim(), "split", x.where))];
  std::vector<std::int64_t> sizes;
  for (; left > size; left -= size) sizes.push_back(size);
  sizes.push_back(left);
  return split(x, sizes, axis);
}

std::vector<Tensor> split(Arg x, std::span<const std::int64_t> sizes, int axis) {
  check_defined(x, "split", x.where);
  const Shape& shape = x.tensor().shape();
  const int at = static_cast<int>(normal_axis(axis, shape.size(), "split", x.where));
  double total = 0;
  std::string list;
  for (const auto size : sizes) {
    list += (list.empty() ? "" : ", ") + std::to_string(size);
    total += size < 0 ? infinity : static_cast<double>(size);
  }
  if (total != static_cast<double>(shape[at]))
    fail("split",
         {.wrong = "the sizes do not add up to the size of the axis",
          .got = formatted("sizes {} on axis {} of shape {}", list, at, to_string(shape)),
          .expected = formatted("sizes of 0 or more that add up to {}", shape[at])},
         x);
  std::vector<Tensor> pieces;
  std::int64_t start = 0;
  for (const auto size : sizes) {
    pieces.push_back(slice(x, at, {start, start + size}));
    start += size;
  }
  return pieces;
}

Tensor flip(Arg x, Axes axes) {
  check_defined(x, "flip", x.where);
  return apply(Flip{normal_axes(axes, x.tensor().dim(), "flip", x.where)}, x);
}

Tensor roll(Arg x, Axes shifts, Axes axes) {
  check_defined(x, "roll", x.where);
  if (shifts.size() != axes.size() || axes.empty())
    fail("roll",
         {.wrong = "shifts and axes have different counts",
          .got = formatted("shifts {}, axes {}", to_string(shifts), to_string(axes)),
          .expected = "one shift for each axis, and at least one axis"},
         x);
  const At line(x);
  Tensor y = x;
  for (int i = 0; i < axes.size(); ++i) {
    const int axis = static_cast<int>(normal_axis(axes[i], y.dim(), "roll", x.where));
    const std::int64_t n = y.shape()[axis], shift = n ? (shifts[i] % n + n) % n : 0;
    y = pick("roll", y, axis, n, [&](std::int64_t j) { return (j + n - shift) % n; });
  }
  return y;
}

Tensor repeat(Arg x, Shape repeats) {
  check_defined(x, "repeat", x.where);
  double total = static_cast<double>(std::max<std::int64_t>(1, x.tensor().numel()));
  for (const auto n : repeats) {
    if (n < 0)
      fail("repeat", {.wrong = "a repeat count is negative", .got = to_string(repeats), .expected = "0 or more"}, x);
    total *= static_cast<double>(std::max<std::int64_t>(1, n));
  }
  if (total >= 0x1p60)
    fail("repeat",
         {.wrong = "the result would be too large",
          .got = "repeats " + to_string(repeats),
          .expected = "fewer than 2^60 elements"},
         x);
  const At line(x);
  Shape shape = x.tensor().shape();
  while (shape.size() < repeats.size()) shape.insert(0, 1);
  while (repeats.size() < shape.size()) repeats.insert(0, 1);
  Tensor y = shape == x.tensor().shape() ? x.tensor() : reshape(x, shape);
  for (int axis = 0; axis < shape.size(); ++axis)
    if (const auto n = shape[axis]; repeats[axis] != 1)
      y = pick("repeat", y, axis, n * repeats[axis], [&](std::int64_t j) { return j % n; });
  return y.is_same(x) ? clone(x) : y;
}

namespace {

// A window for each amount: what is kept of x, and where it comes to lie in the result.
Tensor pad_constant(const Arg& x, std::span<const Pad> amounts, double value) {
  std::vector<Range> kept, place;
  Shape shape;
  bool crops = false;
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    const auto [before, after] = amounts[i];
    const std::int64_t n = x.tensor().shape()[static_cast<int>(i)];
    const std::int64_t start = std::clamp<std::int64_t>(-before, 0, n);
    const std::int64_t stop = std::max(start, n - std::max<std::int64_t>(0, -after));
    const std::int64_t first = std::max<std::int64_t>(0, before);
    crops = crops || stop - start != n;
    kept.push_back({start, stop});
    place.push_back({first, first + stop - start});
    shape.push_back(n + before + after);
  }
  const Tensor inner = crops ? slice(x, kept) : x.tensor();
  const Tensor y = unslice(inner, shape, place);
  if (value == 0) return y;
  Tensor border = ones(shape, boolean);  // outside of the window
  slice(border, place).fill_(0);
  return masked_fill(y, border, value);
}

}  // namespace

Tensor pad(Arg x, std::span<const Pad> amounts, PadMode mode, double value) {
  check_defined(x, "pad", x.where);
  const Shape& shape = x.tensor().shape();
  if (static_cast<int>(amounts.size()) != shape.size())
    fail("pad",
         {.wrong = "the number of amounts differs from the number of axes",
          .got = formatted("{} pairs for shape {}", amounts.size(), to_string(shape)),
          .expected = formatted("{} pairs of before and after, axis 0 first", shape.size())},
         x);
  for (int i = 0; i < shape.size(); ++i) {
    const auto [before, after] = amounts[static_cast<std::size_t>(i)];
    std::int64_t most = 0;
    if (mode == PadMode::reflect)
      most = shape[i] - 1;
    else if (shape[i] > 0)
      most = std::int64_t{1} << 60;
    const auto refuse = [&](const char* wrong, std::string expected) {
      fail("pad",
           {.wrong = wrong,
            .got = formatted("{} before and {} after axis {} of shape {}", before, after, i, to_string(shape)),
            .expected = std::move(expected)},
           x);
    };
    const double size = static_cast<double>(shape[i]) + static_cast<double>(before) + static_cast<double>(after);
    if (size < 0) refuse("more elements are removed than the axis has", "a size of 0 or more");
    if (std::max({size, std::abs(static_cast<double>(before)), std::abs(static_cast<double>(after))}) >= 0x1p60)
      refuse("the result would be too large", "amounts below 2^60");
    if (mode == PadMode::constant || (before == 0 && after == 0)) continue;
    if (std::min(before, after) < 0) refuse("only constant padding can remove elements", "amounts of 0 or more");
    if (std::max(before, after) > most)
      refuse(
          mode == PadMode::reflect ? "the axis has too few elements to reflect" : "the axis has no element to repeat",
          formatted("amounts of at most {}", most));
  }
  const At line(x);
  if (mode == PadMode::constant) return pad_constant(x, amounts, value);
  Tensor y = x;
  for (int axis = 0; axis < shape.size(); ++axis) {
    const auto [before, after] = amounts[static_cast<std::size_t>(axis)];
    const std::int64_t n = shape[axis], start = -before, last = n - 1;
    if (before == 0 && after == 0) continue;
    y = pick("pad", y, axis, n + before + after, [&](std::int64_t j) {
      const std::int64_t i = mode == PadMode::reflect ? std::abs(start + j) : std::max<std::int64_t>(0, start + j);
      if (i <= last) return i;
      return mode == PadMode::reflect ? 2 * last - i : last;
    });
  }
  return y.is_same(x) ? clone(x) : y;
}
Tensor pad(Arg x, std::initializer_list<Pad> amounts, PadMode mode, double value) {
  return pad(x, std::span(amounts.begin(), amounts.size()), mode, value);
}

Tensor clone(Arg x) { return apply(Clone{}, x); }
Tensor contiguous(Arg x) {
  check_defined(x, "contiguous", x.where);
  return x.tensor().is_contiguous() ? x.tensor() : apply(Clone{}, x);
}

}  // namespace gradus

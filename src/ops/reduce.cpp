// Reductions over axes.
#include <algorithm>

#include "ops/lines.hpp"
#include "ops/over_outer.hpp"

namespace gradus {

using namespace detail;

namespace {

// Reduces the sorted axes, one run of neighbours after the other, the last first: so nothing has to be moved in memory.
template <class Pick>
Tensor reduce(const char* operation, Loc where, const Tensor& x, const Shape& axes, bool keepdim, Pick pick) {
  int first = std::max(0, axes.size() - 1);
  while (first > 0 && axes[first - 1] == axes[first] - 1) --first;
  if (first > 0) {
    const auto part = [&](int from, int to) { return Shape(std::span(axes.begin() + from, axes.begin() + to)); };
    const Tensor y = reduce(operation, where, x, part(first, axes.size()), keepdim, pick);
    return reduce(operation, where, y, part(0, first), keepdim, pick);
  }
  const Block b = block(x, axes);
  return visit(x.dtype(), [&]<class T>() {
    const auto kernel = pick(kernels::table<T>());
    if (!kernel) refuse_dtype(operation, x.dtype(), where);
    Tensor result = empty(reduced(x.shape(), axes, keepdim), x.dtype());
    over_outer<T>(b, kernel, b.inner, detail::data<T>(result));
    return result;
  });
}

double count(const Shape& shape, const Shape& axes) {
  double n = 1;
  for (const auto axis : axes) n *= static_cast<double>(shape[static_cast<int>(axis)]);
  return n;
}

// ---- what the rules share ----

// A reduced tensor with its axes put back, of size 1: beside the unreduced one it broadcasts.
Tensor restore(const Tensor& y, const Shape& shape, const Shape& axes) {
  Shape kept = shape;
  for (const auto axis : axes) kept[static_cast<int>(axis)] = 1;
  return y.shape() == kept ? y : reshape(y, kept);
}

Tensor spread(const Tensor& g, const Shape& shape, const Shape& axes) {
  const Tensor kept = restore(g, shape, axes);
  return kept.shape() == shape ? kept : expand(kept, shape);
}

// The same without recording: a view of stride 0.
Tensor spread_view(const Tensor& g, const Shape& shape, const Shape& axes) {
  Shape strides = shape;
  const bool kept = g.dim() == shape.size();
  for (int i = 0, from = 0, next = 0; i < shape.size(); ++i) {
    const bool gone = next < axes.size() && axes[next] == i;
    next += gone;
    strides[i] = gone ? 0 : g.strides()[from];
    from += kept || !gone;
  }
  return view(g, shape, strides);
}

// ---- reductions ----

struct Sum {
  Shape axes;
  bool keepdim = false;
  static constexpr auto name = "sum";
  std::string formula(int) const { return "y = sum(x" + over_axes(axes) + ")"; }
  std::string rule(int) const { return "dx = g" + repeated(axes); }

  static constexpr Saves saves{};
  void fields(auto& v) const {
    v("axes", axes);
    v("keepdim", keepdim);
  }
  Tensor forward(Fwd& f, Ins in) const {
    return reduce(f.name, f.where, in[0], axes, keepdim, [](auto& k) { return k.sum; });
  }
  void vjp(Vjp& v) const { v.give(0, spread(v.g, v.shape(0), axes)); }
  void fast(Vjp& v) const { v.give(0, spread_view(v.g, v.shape(0), axes)); }
};

struct Mean {
  Shape axes;
  bool keepdim = false;
  static constexpr auto name = "mean";
  std::string formula(int) const { return "y = mean(x" + over_axes(axes) + ")"; }
  std::string rule(int) const { return "dx = g / n, n = size(x) / size(y)" + repeated(axes); }

  static constexpr Saves saves{};
  void fields(auto& v) const {
    v("axes", axes);
    v("keepdim", keepdim);
  }
  Tensor forward(Fwd& f, Ins in) const {
    Tensor y = reduce(f.name, f.where, in[0], axes, keepdim, [](auto& k) { return k.sum; });
    const double n = count(in[0].shape(), axes);
    visit(y.dtype(), [&]<class T>() {
      T* sums = detail::data<T>(y);
      for (std::int64_t i = 0; i < y.numel(); ++i) sums[i] = static_cast<T>(sums[i] / n);
    });
    return y;
  }
  void vjp(Vjp& v) const { v.give(0, spread(v.g * (1 / count(v.shape(0), axes)), v.shape(0), axes)); }
  void fast(Vjp& v) const { v.give(0, spread_view(v.g * (1 / count(v.shape(0), axes)), v.shape(0), axes)); }
};

// The product of all other elements of each row, for x (rows, n): pairs are multiplied, the products of the other pairs
// found the same way, and each element takes its partner besides. No division, so zeros are ordinary.
Tensor others(const Tensor& x) {
  const std::int64_t rows = x.size(0), n = x.size(1);
  if (n == 1) return ones_like(x);
  if (n % 2) return slice(others(concat({x, ones({rows, 1}, x.dtype())}, 1)), 1, {0, n});
  const Tensor even = slice(x, 1, {0, n, 2}), odd = slice(x, 1, {1, n, 2}), pairs = others(even * odd);
  return reshape(stack({pairs * odd, pairs * even}, 2), {rows, n});
}

struct Prod {
  Shape axes;
  bool keepdim = false;
  static constexpr auto name = "prod";
  std::string formula(int) const { return "y = prod(x" + over_axes(axes) + ")"; }
  std::string rule(int) const { return "dx = g product_of_others(x" + over_axes(axes) + ")" + repeated(axes); }

  static constexpr Saves saves{in0};
  void fields(auto& v) const {
    v("axes", axes);
    v("keepdim", keepdim);
  }
  Tensor forward(Fwd& f, Ins in) const {
    return reduce(f.name, f.where, in[0], axes, keepdim, [](auto& k) { return k.prod; });
  }
  void vjp(Vjp& v) const {
    const Tensor& x = v.in(0);
    const Shape& shape = x.shape();
    if (x.numel() == 0) return v.give(0, zeros_like(x));
    Axes order, back;  // the reduced axes last
    std::int64_t n = 1;
    for (int i = 0; i < shape.size(); ++i)
      if (std::find(axes.begin(), axes.end(), i) == axes.end()) order.push_back(i);
    for (const auto axis : axes) {
      order.push_back(axis);
      n *= shape[static_cast<int>(axis)];
    }
    Shape moved;
    for (const auto axis : order) moved.push_back(shape[static_cast<int>(axis)]);
    for (int i = 0; i < shape.size(); ++i) back.push_back(std::find(order.begin(), order.end(), i) - order.begin());
    const Tensor rest = others(reshape(permute(x, order), {x.numel() / n, n}));
    v.give(0, chain_mul(restore(v.g, shape, axes), permute(reshape(rest, moved), back)));
  }
};

// Tied extremes share the gradient equally; NaN, which wins, takes it where there is one.
Tensor shared(const Tensor& x, const Tensor& y, const Tensor& g, const Shape& axes) {
  const Tensor best = restore(y, x.shape(), axes);
  const Tensor hit = where(isnan(best), isnan(x), eq(x, best));
  const Tensor share = restore(g, x.shape(), axes) / sum(to(hit, g.dtype()), Axes(axes), true);
  return where(hit, share, 0);
}

template <bool largest>
struct Extreme {
  Shape axes;
  bool keepdim = false;
  static constexpr auto name = largest ? "max" : "min";
  std::string formula(int) const { return std::string("y = ") + name + "(x" + over_axes(axes) + ")"; }
  std::string rule(int) const {
    return "dx = g / k where x = y, else 0, k = sum(x = y" + over_axes(axes) + ")" + repeated(axes);
  }

  static constexpr Saves saves{in0 | out0};
  void fields(auto& v) const {
    v("axes", axes);
    v("keepdim", keepdim);
  }
  Tensor forward(Fwd& f, Ins in) const {
    return reduce(f.name, f.where, in[0], axes, keepdim, [](auto& k) { return largest ? k.max : k.min; });
  }
  void vjp(Vjp& v) const { v.give(0, shared(v.in(0), v.out(), v.g, axes)); }
};
using Max = Extreme<true>;
using Min = Extreme<false>;

struct LogSumExp {
  Shape axes;
  bool keepdim = false;
  static constexpr auto name = "logsumexp";
  std::string formula(int) const { return "y = ln(sum(e^x" + over_axes(axes) + "))"; }
  std::string rule(int) const { return "dx = g e^(x - y)" + repeated(axes); }

  static constexpr Saves saves{in0 | out0};
  void fields(auto& v) const {
    v("axes", axes);
    v("keepdim", keepdim);
  }
  Tensor forward(Fwd& f, Ins in) const {
    return reduce(f.name, f.where, in[0], axes, keepdim, [](auto& k) { return k.logsumexp; });
  }
  void vjp(Vjp& v) const {
    const Shape& shape = v.shape(0);
    // exp(x - y) is the softmax but for the rounding of a large y, which the sum cancels: any shift will do, so its
    // own derivative is 0. Where all is -inf, 0 in its place keeps the gradient at 0. Elements of +inf share it.
    const Tensor &x = v.in(0), y = restore(v.out(), shape, axes).detach();
    const Tensor distance = x - masked_fill(y, eq(y, -infinity), 0);
    const Tensor e = exp(masked_fill(distance, eq(x, infinity), 0));
    const Tensor total = restore(sum(e, Axes(std::span(axes.begin(), axes.end()))), shape, axes);
    v.give(0, restore(v.g, shape, axes) * e / masked_fill(total, eq(total, 0), 1));
  }
};

constexpr const OpTable* rows[] = {
    &op_table<Sum>, &op_table<Mean>, &op_table<Prod>, &op_table<Max>, &op_table<Min>, &op_table<LogSumExp>,
};

}  // namespace

Rows detail::reduce_rows() { return rows; }

// ---- the functions ----

namespace {

template <class Op>
Tensor over(Arg x, const Axes& axes, bool keepdim) {
  check_defined(x, Op::name, x.where);
  return apply(Op{normal_axes(axes, x.tensor().dim(), Op::name, x.where), keepdim}, x);
}

void check_not_empty(const char* operation, const Arg& x, const Axes& axes) {
  check_defined(x, operation, x.where);
  const Shape& shape = x.tensor().shape();
  for (const auto axis : normal_axes(axes, shape.size(), operation, x.where))
    if (shape[static_cast<int>(axis)] == 0)
      fail(operation,
           {.wrong = "an empty axis has no largest or smallest element",
            .got = formatted("shape {}, axis {}", to_string(shape), axis),
            .expected = "at least one element on every reduced axis"},
           x);
}

// Not recorded: positions carry no gradient.
template <class Pick>
Tensor position(const char* operation, const Arg& arg, const Axes& axes, bool keepdim, Pick pick) {
  check_not_empty(operation, arg, axes);
  const Tensor& x = arg;
  const Shape normal = normal_axes(axes, x.dim(), operation, arg.where);
  const Block b = block(x, normal);
  return visit(x.dtype(), [&]<class T>() {
    const auto kernel = pick(kernels::table<T>());
    if (!kernel) refuse_dtype(operation, x.dtype(), arg.where);
    Tensor result = empty(reduced(x.shape(), normal, keepdim), i64);
    over_outer<T>(b, kernel, b.inner, detail::data<std::int64_t>(result));
    return result;
  });
}

template <class Pick>
ValuesIndices chosen(const char* operation, const Arg& x, int axis, bool keepdim, Pick pick) {
  Tensor at = position(operation, x, axis, true, pick);
  const At line(x);
  Tensor values = gather(x, axis, at);
  return keepdim ? ValuesIndices{values, at} : ValuesIndices{squeeze(values, axis), squeeze(at, axis)};
}

}  // namespace

Tensor sum(Arg x, Axes axes, bool keepdim) {
  check_defined(x, "sum", x.where);
  if (x.tensor().dtype() == boolean) return over<Sum>(Arg(x.tensor().to(i64, x.where), x.where), axes, keepdim);
  return over<Sum>(x, axes, keepdim);
}
Tensor mean(Arg x, Axes axes, bool keepdim) {
  check_defined(x, "mean", x.where);
  if (x.tensor().dtype() == boolean) return over<Mean>(Arg(x.tensor().to(f32, x.where), x.where), axes, keepdim);
  check_floating("mean", x);
  return over<Mean>(x, axes, keepdim);
}
Tensor prod(Arg x, Axes axes, bool keepdim) { return over<Prod>(x, axes, keepdim); }
Tensor max(Arg x, Axes axes, bool keepdim) {
  check_not_empty("max", x, axes);
  return over<Max>(x, axes, keepdim);
}
Tensor min(Arg x, Axes axes, bool keepdim) {
  check_not_empty("min", x, axes);
  return over<Min>(x, axes, keepdim);
}
Tensor logsumexp(Arg x, Axes axes, bool keepdim) { return over<LogSumExp>(x, axes, keepdim); }

Tensor var(Arg x, Axes axes, bool keepdim, double correction) {
  check_floating("var", x);
  check_finite("var", "correction", correction, x);
  const At at(x);
  const Shape all = normal_axes(axes, x.tensor().dim(), "var", x.where);
  const double n = count(x.tensor().shape(), all);
  // A second pass over the differences from the mean: sums of squares would lose what a large mean leaves.
  return sum(square(x - mean(x, axes, true)), axes, keepdim) * (1 / std::max(0.0, n - correction));
}

Tensor stddev(Arg x, Axes axes, bool keepdim, double correction) {
  check_floating("stddev", x);
  check_finite("stddev", "correction", correction, x);
  const At at(x);
  const Shape all = normal_axes(axes, x.tensor().dim(), "stddev", x.where);
  std::vector<Range> first(static_cast<std::size_t>(x.tensor().dim()));
  for (const auto axis : all) first[static_cast<std::size_t>(axis)] = {0, 1};
  // Taking a constant off changes no variance, and this one makes it exactly 0 where all elements are equal.
  const Tensor v = var(x - slice(x.tensor().detach(), first), axes, keepdim, correction);
  const Tensor flat = eq(v, 0);
  return masked_fill(sqrt(masked_fill(v, flat, 1)), flat, 0);
}

ValuesIndices max_dim(Arg x, int axis, bool keepdim) {
  return chosen("max_dim", x, axis, keepdim, [](auto& k) { return k.argmax; });
}
ValuesIndices min_dim(Arg x, int axis, bool keepdim) {
  return chosen("min_dim", x, axis, keepdim, [](auto& k) { return k.argmin; });
}

Tensor argmax(Arg x) {
  return position("argmax", x, {}, false, [](auto& k) { return k.argmax; });
}
Tensor argmax(Arg x, int axis, bool keepdim) {
  return position("argmax", x, axis, keepdim, [](auto& k) { return k.argmax; });
}
Tensor argmin(Arg x) {
  return position("argmin", x, {}, false, [](auto& k) { return k.argmin; });
}
Tensor argmin(Arg x, int axis, bool keepdim) {
  return position("argmin", x, axis, keepdim, [](auto& k) { return k.argmin; });
}

}  // namespace gradus

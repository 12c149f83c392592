// Along one axis, the shape kept: cumsum, cumprod, softmax, log_softmax.
#include <algorithm>

#include "ops/lines.hpp"
#include "ops/over_outer.hpp"
#include "ops/wrapping.hpp"

namespace gradus {

using namespace detail;

namespace {

// y is like x: each row along the axis by itself.
template <class Pick>
Tensor scan(const Fwd& f, const Tensor& x, std::int64_t axis, Pick pick) {
  const Block b = block(x, Shape{axis});
  return visit(x.dtype(), [&]<class T>() {
    const auto kernel = pick(kernels::table<T>());
    if (!kernel) refuse_dtype(f.name, x.dtype(), f.where);
    Tensor result = empty(x.shape(), x.dtype());
    over_outer<T>(b, kernel, b.n * b.inner, data<T>(result));
    return result;
  });
}

struct CumSum {
  std::int64_t axis = 0;
  static constexpr auto name = "cumsum";
  std::string formula(int) const { return formatted("y[{0}h, …] += x[{0}k, …] where k <= h, else 0", before(axis)); }
  std::string rule(int) const { return formatted("dx[{0}k, …] += g[{0}h, …] where k <= h, else 0", before(axis)); }

  static constexpr Saves saves{};
  void fields(auto& v) const { v("axis", axis); }
  Tensor forward(Fwd& f, Ins in) const {
    return scan(f, in[0], axis, [](auto& k) { return k.cumsum; });
  }
  void vjp(Vjp& v) const { v.give(0, flip(cumsum(flip(v.g, axis), static_cast<int>(axis)), axis)); }
};

// x[k + by], and 0 beyond the end.
Tensor later(const Tensor& x, int axis, std::int64_t by) {
  std::vector<Pad> amounts(static_cast<std::size_t>(x.dim()));
  amounts[static_cast<std::size_t>(axis)] = {-by, by};
  return pad(x, amounts);
}

// The gradient of x[k] is what stands before it, x[0] … x[k - 1] multiplied, times s[k] = g[k] + x[k + 1] s[k + 1]. No
// division, so zeros are ordinary.
struct CumProd {
  std::int64_t axis = 0;
  static constexpr auto name = "cumprod";
  std::string formula(int) const { return formatted("y = cumprod(x, axis {})", axis); }
  std::string rule(int) const { return formatted("dx = cumprod'(g, x, axis {})", axis); }

  static constexpr Saves saves{in0 | out0};
  void fields(auto& v) const { v("axis", axis); }
  Tensor forward(Fwd& f, Ins in) const {
    if (in[0].dtype() == boolean) refuse_dtype(f.name, boolean, f.where);
    const Block b = block(in[0], Shape{axis});
    const Tensor y = empty(in[0].shape(), in[0].dtype());
    visit(y.dtype(), [&]<class T>() {
      lines<T>(b, [&](std::int64_t first) {
        T product = T(1);
        for (std::int64_t k = 0; k < b.n; ++k) {
          const std::int64_t at = first + k * b.inner;
          product = wrapping_product(product, data<T>(b.x)[at]);
          data<T>(y)[at] = product;
        }
      });
    });
    return y;
  }
  void vjp(Vjp& v) const {  // s by doubling: each step adds twice as many terms
    const int along = static_cast<int>(axis);
    const Tensor& x = v.in(0);
    const std::int64_t n = x.shape()[along];
    if (x.numel() == 0) return v.give(0, zeros_like(x));
    Tensor s = v.g, factor = later(x, along, 1);
    for (std::int64_t by = 1; by < n; by *= 2) {
      s = s + chain_mul(later(s, along, by), factor);
      factor = factor * later(factor, along, by);
    }
    Shape first = x.shape();
    first[along] = 1;
    const Tensor before = concat({ones(first, x.dtype()), slice(cumprod(x, along), along, {0, n - 1})}, along);
    v.give(0, chain_mul(s, before));
  }
  void fast(Vjp& v) const {
    const Block x = block(v.in(0), Shape{axis}), y = block(v.out(), Shape{axis}), g = block(v.g, Shape{axis});
    const Tensor dx = empty(v.g.shape(), v.g.dtype());
    visit_floating(dx.dtype(), [&]<class T>() {
      lines<T>(x, [&](std::int64_t first) {
        T s = 0;
        for (std::int64_t k = x.n; k-- > 0;) {
          const std::int64_t at = first + k * x.inner;
          const T after = k + 1 < x.n && s != 0 ? data<T>(x.x)[at + x.inner] * s : T(0);
          s = data<T>(g.x)[at] + after;
          const T before = k == 0 ? T(1) : data<T>(y.x)[at - x.inner];
          data<T>(dx)[at] = s == 0 ? T(0) : before * s;
        }
      });
    });
    v.give(0, dx);
  }

 private:
  // Calls f(place of the first element) for each line along the axis.
  template <class T, class F>
  static void lines(const Block& b, const F& f) {
    const std::int64_t each = std::max<std::int64_t>(1, b.n);
    kernels::parallel_for(b.outer * b.inner, std::max<std::int64_t>(1, grain / each),
                          [&](std::int64_t begin, std::int64_t end) {
                            for (std::int64_t k = begin; k < end; ++k) f(k / b.inner * b.n * b.inner + k % b.inner);
                          });
  }
};

// A rule of the last axis in one pass over its rows; others go by the rule in operations.
template <class Op, class Pick>
void by_rows(const Op& op, Vjp& v, Pick pick) {
  const TensorImpl& shape = *v.g.impl();
  if (op.axis != shape.shape.size() - 1 || shape.numel == 0) return op.vjp(v);
  const Tensor g = dense(v.g), y = dense(v.out());
  Tensor dx = empty(shape.shape, shape.dtype);
  const std::int64_t n = shape.shape.back();
  visit_floating(shape.dtype, [&]<class T>() {
    const auto f = pick(kernels::table<T>());
    kernels::parallel_for(shape.numel / n, std::max<std::int64_t>(1, grain / n),
                          [&](std::int64_t begin, std::int64_t end) {
                            f(end - begin, n, data<T>(g) + begin * n, data<T>(y) + begin * n, data<T>(dx) + begin * n);
                          });
  });
  v.give(0, std::move(dx));
}

struct Softmax {
  std::int64_t axis = 0;
  static constexpr auto name = "softmax";
  std::string formula(int) const { return formatted("y = e^x / sum(e^x, axis {})", axis); }
  std::string rule(int) const { return formatted("dx = y (g - sum(g y, axis {}))", axis); }

  static constexpr Saves saves{out0};
  void fields(auto& v) const { v("axis", axis); }
  Tensor forward(Fwd& f, Ins in) const {
    return scan(f, in[0], axis, [](auto& k) { return k.softmax; });
  }
  void vjp(Vjp& v) const { v.give(0, v.out() * (v.g - sum(v.g * v.out(), axis, true))); }
  void fast(Vjp& v) const {
    by_rows(*this, v, [](auto& k) { return k.softmax_vjp; });
  }
};

struct LogSoftmax {
  std::int64_t axis = 0;
  static constexpr auto name = "log_softmax";
  std::string formula(int) const { return formatted("y = x - ln(sum(e^x, axis {}))", axis); }
  std::string rule(int) const { return formatted("dx = g - e^y sum(g, axis {})", axis); }

  static constexpr Saves saves{out0};
  void fields(auto& v) const { v("axis", axis); }
  Tensor forward(Fwd& f, Ins in) const {
    return scan(f, in[0], axis, [](auto& k) { return k.log_softmax; });
  }
  void vjp(Vjp& v) const { v.give(0, v.g - exp(v.out()) * sum(v.g, axis, true)); }
  void fast(Vjp& v) const {
    by_rows(*this, v, [](auto& k) { return k.log_softmax_vjp; });
  }
};

constexpr const OpTable* rows[] = {&op_table<CumSum>, &op_table<CumProd>, &op_table<Softmax>, &op_table<LogSoftmax>};

template <class Op>
Tensor along(Arg x, int axis) {
  check_defined(x, Op::name, x.where);
  return apply(Op{normal_axis(axis, x.tensor().dim(), Op::name, x.where)}, x);
}

}  // namespace

Rows detail::scan_rows() { return rows; }

Tensor cumsum(Arg x, int axis) { return along<CumSum>(x, axis); }
Tensor cumprod(Arg x, int axis) { return along<CumProd>(x, axis); }
Tensor softmax(Arg x, int axis) { return along<Softmax>(x, axis); }
Tensor log_softmax(Arg x, int axis) { return along<LogSoftmax>(x, axis); }

}  // namespace gradus

// Along one axis, the shape kept: cumsum, softmax, log_softmax.
#include <algorithm>

#include "ops/lines.hpp"
#include "ops/over_outer.hpp"

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

constexpr const OpTable* rows[] = {&op_table<CumSum>, &op_table<Softmax>, &op_table<LogSoftmax>};

template <class Op>
Tensor along(Arg x, int axis) {
  check_defined(x, Op::name, x.where);
  return apply(Op{normal_axis(axis, x.tensor().dim(), Op::name, x.where)}, x);
}

}  // namespace

Rows detail::scan_rows() { return rows; }

Tensor cumsum(Arg x, int axis) { return along<CumSum>(x, axis); }
Tensor softmax(Arg x, int axis) { return along<Softmax>(x, axis); }
Tensor log_softmax(Arg x, int axis) { return along<LogSoftmax>(x, axis); }

}  // namespace gradus

// Layer normalisation (Ba et al., 2016) with its weight and bias: one fused pass forward, one backward.
#include "ops/common.hpp"

namespace gradus {

using namespace detail;
using kernels::Index;

namespace {

constexpr Index rows_in_piece = 32;  // whose gradients are summed together, whatever the number of threads

// Over the trailing axes that the weight has. Extras: r and the mean of every row.
struct LayerNorm {
  double eps = 1e-5;
  static constexpr auto
      name = "layer_norm",
      inputs = "x w b", formula = "y = z w + b, z = (x - mean(x, axes of w)) r, r = 1 / sqrt(var(x, axes of w) + eps)",
      rule =
          "dx = r (h - mean(h, axes of w) - z mean(h z, axes of w))   dw = g z summed to the shape of w   db = g "
          "summed to the shape of b, h = g w, z = (x - mean(x, axes of w)) r, r = 1 / sqrt(var(x, axes of w) + eps)";
  static constexpr Saves saves{in0 | in1 | extra0 | extra1};
  void fields(auto& v) const { v("eps", eps); }

  Tensor forward(Fwd& f, Ins in) const {
    const Tensor x = dense(in[0]), w = dense(in[1]), b = dense(in[2]), y = empty(x.shape(), x.dtype());
    const Index n = w.numel(), rows = n ? x.numel() / n : 0;
    const Tensor r = f.extras[0] = empty({rows}, x.dtype()), mean = f.extras[1] = empty({rows}, x.dtype());
    visit_floating(x.dtype(), [&]<class T>() {
      kernels::parallel_for(rows, std::max<Index>(1, grain / std::max<Index>(1, n)), [&](Index begin, Index end) {
        kernels::table<T>().layer_norm(end - begin, n, eps, data<T>(x) + begin * n, data<T>(w), data<T>(b),
                                       data<T>(y) + begin * n, data<T>(r) + begin, data<T>(mean) + begin);
      });
    });
    return y;
  }
  void vjp(Vjp& v) const {
    const Tensor &x = v.in(0), &w = v.in(1);
    Axes inner, outer;
    for (int i = 0; i < x.dim() - w.dim(); ++i) outer.push_back(i);
    for (int i = x.dim() - w.dim(); i < x.dim(); ++i) inner.push_back(i);
    const Tensor c = x - mean(x, inner, true), r = rsqrt(mean(square(c), inner, true) + eps), z = c * r;
    const auto over_rows = [&](const Tensor& t) { return outer.empty() ? t : sum(t, outer); };
    if (v.wants(1)) v.give(1, over_rows(v.g * z));
    if (v.wants(2)) v.give(2, over_rows(v.g));
    if (!v.wants(0)) return;
    const Tensor h = v.g * w;
    v.give(0, r * (h - mean(h, inner, true) - z * mean(h * z, inner, true)));
  }
  void fast(Vjp& v) const {
    const Tensor g = dense(v.g), x = dense(v.in(0)), w = dense(v.in(1)), dx = empty(x.shape(), x.dtype());
    const Index n = w.numel(), rows = n ? x.numel() / n : 0, pieces = (rows + rows_in_piece - 1) / rows_in_piece;
    Tensor dw = empty(w.shape(), w.dtype()), db = empty(w.shape(), w.dtype());
    const Tensor parts = empty({2, pieces, n}, w.dtype());
    visit_floating(x.dtype(), [&]<class T>() {
      const auto& kernel = kernels::table<T>();
      kernels::parallel_for(pieces, std::max<Index>(1, grain / std::max<Index>(1, rows_in_piece * n)),
                            [&](Index begin, Index end) {
                              for (Index p = begin; p < end; ++p) {
                                const Index first = p * rows_in_piece;
                                kernel.layer_norm_vjp(std::min(rows_in_piece, rows - first), n, data<T>(g) + first * n,
                                                      data<T>(x) + first * n, data<T>(w), data<T>(v.extra(0)) + first,
                                                      data<T>(v.extra(1)) + first, data<T>(dx) + first * n,
                                                      data<T>(parts) + p * n, data<T>(parts) + (pieces + p) * n);
                              }
                            });
      kernel.sum(1, pieces, n, data<T>(parts), data<T>(dw));
      kernel.sum(1, pieces, n, data<T>(parts) + pieces * n, data<T>(db));
    });
    if (v.wants(0)) v.give(0, dx);
    if (v.wants(1)) v.give(1, std::move(dw));
    if (v.wants(2)) v.give(2, std::move(db));
  }
};

constexpr const OpTable* rows[] = {&op_table<LayerNorm>};

}  // namespace

Rows detail::layer_norm_rows() { return rows; }

Tensor layer_norm(Arg x, Shape normalized_shape, const Tensor& weight, const Tensor& bias, double eps) {
  const char* name = "layer_norm";
  check_floating(name, x);
  check_eps(name, eps, x);
  const Shape& shape = x.tensor().shape();
  const int first = shape.size() - normalized_shape.size();
  Axes axes;
  Shape trailing;
  for (int i = std::max(first, 0); i < shape.size(); ++i) {
    axes.push_back(i);
    trailing.push_back(shape[i]);
  }
  if (normalized_shape.empty() || trailing != normalized_shape)
    fail(name,
         {.wrong = "normalized_shape differs from the last axes of the input",
          .got = formatted("normalized_shape {}, x {}", to_string(normalized_shape), to_string(shape)),
          .expected = "the sizes of the last axes of x"},
         x);
  check_parameter(name, "the weight", weight, normalized_shape, x);
  check_parameter(name, "the bias", bias, normalized_shape, x);
  const At at(x);
  if (weight.defined() && bias.defined() && x.tensor().numel() > 0) return apply(LayerNorm{eps}, x, weight, bias);
  Tensor y = normalize(x, axes, eps);
  if (weight.defined()) y = y * weight;
  return bias.defined() ? y + bias : y;
}

}  // namespace gradus

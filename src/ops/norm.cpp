// Norms of vectors along axes.
#include <cmath>

#include "ops/common.hpp"
#include "ops/lines.hpp"

namespace gradus {

using namespace detail;

namespace {

// y = (sum |x|^p)^(1/p), p neither 0, 1 nor infinite.
struct Norm {
  double p = 2;
  Shape axes;
  bool keepdim = false;
  static constexpr auto name = "norm";
  std::string formula(int) const { return "y = sum(|x|^p" + over_axes(axes) + ")^(1 / p)"; }
  std::string rule(int) const {
    return "dx = 0 where x = 0 or y = 0, else g sign(x) (|x| / y)^(p - 1)" + repeated(axes);
  }

  static constexpr Saves saves{in0 | out0};
  void fields(auto& v) const {
    v("p", p);
    v("axes", axes);
    v("keepdim", keepdim);
  }

  // Scaled by the largest element (for p < 0 the smallest), so that no power overflows or vanishes.
  Tensor forward(Fwd&, Ins in) const {
    const Axes over(std::span(axes.begin(), axes.end()));
    Tensor y = zeros(reduced(in[0].shape(), axes, keepdim), in[0].dtype());
    if (in[0].numel() == 0) return y;
    const Tensor size = abs(in[0]);
    const Tensor scale = p > 0 ? max(size, over, true) : min(size, over, true);
    const Tensor trivial = maximum(eq(scale, 0), eq(scale, infinity));  // the scale is the norm
    const Tensor ratio = size / masked_fill(scale, trivial, 1);
    const Tensor total = p == 2 ? sum(square(ratio), over, true) : sum(pow(ratio, p), over, true);
    const Tensor root = p == 2 ? sqrt(total) : pow(total, 1 / p);
    return reshape(where(trivial, scale, scale * root), y.shape());
  }
  void vjp(Vjp& v) const {
    const Tensor& x = v.in(0);
    Shape kept = x.shape();
    for (const auto axis : axes) kept[static_cast<int>(axis)] = 1;
    const Tensor y = reshape(v.out(), kept), g = reshape(v.g, kept);
    if (x.numel() == 0) return v.give(0, zeros_like(x));
    // Where y is 0, and for p < 2 where x is, there is no slope or an infinite one: the subgradient is 0. An infinite
    // element is the norm.
    const Tensor flat = p < 2 ? maximum(eq(y, 0), eq(x, 0)) : expand(eq(y, 0), x.shape());
    const Tensor slope = p == 2 ? x / y : sign(x) * pow(abs(x) / y, p - 1);
    const Tensor bounded = where(eq(abs(x), infinity), sign(x) * (p > 0 ? 1 : 0), slope);
    v.give(0, chain_mul(g, masked_fill(bounded, flat, 0)));
  }
};

constexpr const OpTable* rows[] = {&op_table<Norm>};

}  // namespace

Rows detail::norm_rows() { return rows; }

Tensor norm(Arg x, double p, Axes axes, bool keepdim) {
  check_floating("norm", x);
  if (std::isnan(p)) refuse_number("norm", "p", p, "a number; ±infinity for the largest or smallest element", x);
  const Shape all = normal_axes(axes, x.tensor().dim(), "norm", x.where);
  const At at(x);
  if (p == 0) return sum(abs(sign(x)), axes, keepdim);
  if (p == 1) return sum(abs(x), axes, keepdim);
  if (p == infinity) return max(abs(x), axes, keepdim);
  if (p == -infinity) return min(abs(x), axes, keepdim);
  return apply(Norm{p, all, keepdim}, x);
}

}  // namespace gradus

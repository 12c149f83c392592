// Operations that no layer records, several in a case, and an operation of the user's.
#include "cases.hpp"

#include <cmath>

namespace onnx_cases {
namespace {

struct Gate {  // a tanh(k b)
  double k = 1;
  static constexpr auto name = "gate", rule = "da = g tanh(kb)   db = g a k (1 - tanh²(kb))";
  static constexpr Saves saves{in1, in0 | in1};
  void fields(auto& v) const { v("k", k); }
  Tensor forward(Fwd&, Ins in) const { return in[0] * tanh(in[1] * k); }
  void vjp(Vjp& v) const {
    const Tensor t = tanh(v.in(1) * k);
    if (v.wants(0)) v.give(0, v.g * t);
    if (v.wants(1)) v.give(1, v.g * v.in(0) * k * (1.0 - t * t));
  }
  void onnx(io::OnnxRecipe& r) const {
    const std::string t = r.node("Tanh", {r.node("Mul", {r.in(1), r.number(k)})});
    r.give(r.node("Mul", {r.in(0), t}));
  }
};

void write_elementwise(Writer& w) {
  const Inputs x = normal({4});
  w.one(
      "functions",
      [](const Arg& a) {
        const Tensor p = abs(a) + 0.5;
        return concat({exp(a),
                       log(p),
                       sqrt(p),
                       rsqrt(p),
                       1.0 / p,
                       reciprocal(p),
                       sin(a),
                       cos(a),
                       tan(a * 0.3),
                       erf(a),
                       expm1(a),
                       log1p(p),
                       sign(a),
                       square(a),
                       -a,
                       mish(a),
                       log_sigmoid(a),
                       clamp(a, -0.5, 0.7),
                       floor(a * 2.0 + 0.3),
                       ceil(a * 2.0 + 0.3),
                       round(a * 2.0 + 0.3),
                       log2(p),
                       asin(tanh(a)),
                       acos(tanh(a)),
                       atan(a),
                       sinh(a),
                       cosh(a)},
                      1);
      },
      x);
  w.one(
      "binary",
      [](const Arg& a) {
        const Tensor b = a.tensor() * 0.5 + 0.25, p = abs(b) + 0.1;
        return concat({a.tensor() + b, a.tensor() - b, a.tensor() / p, pow(p, a), pow(p, 1.5), maximum(a, b),
                       minimum(a, b), clamp(a, 0, INFINITY), remainder(a, p), remainder(a, -p)},
                      1);
      },
      x);
  const Tensor row = randn({3, 1, 4}), column = randn({5, 1});
  w.one(
      "broadcast",
      [&](const Arg& a) { return unsqueeze(unsqueeze(a, 1), 1) * row + column + where(row > 0, row, column); }, x);
  w.one(
      "outer",
      [](const Arg& a) {
        return unsqueeze(a, 2) * unsqueeze(a, 1) + zeros({4, 4});
      },
      x);
}

void write_reductions(Writer& w) {
  w.one(
      "reductions",
      [](const Arg& a) {
        const Tensor y = concat({sum(a, 1), mean(a, 1), prod(a, 1), max(a, 1), min(a, 1), logsumexp(a, 1), var(a, 1),
                                 norm(a, 2, 1), norm(a, 1, 1), norm(a, 3, 1)},
                                1);
        return concat({y, sum(a, Axes{1, 2}, false).unsqueeze(1), cumsum(a, 2).sum(1)}, 1);
      },
      normal({3, 4}));

  w.one(
      "loss",
      [](const Arg& a) {
        return std::vector<Tensor>{mse_loss(a, a.tensor() * 0.5 + 1), sum(a) * 0.01, mean(a)};
      },
      normal({3}));
}

void write_views(Writer& w) {
  w.one(
      "views",
      [](const Arg& a) {
        const Tensor t = permute(a, {0, 2, 1}), s = slice(a, 2, {.start = 1, .stop = 5, .step = 2});
        const Tensor parts = concat({flatten(t, 1), flatten(s, 1), flatten(flip(a, {1, 2}), 1), select(a, 1, 1)}, 1);
        return std::vector<Tensor>{parts, stack({a, a.tensor() * 2}, 1), roll(a, {1}, {2}), repeat(a, {1, 2, 1}),
                                   tril(a, 1)};
      },
      normal({3, 6}));
  w.one(
      "pads",
      [](const Arg& a) {
        return std::vector<Tensor>{pad(a, {{0, 0}, {1, 2}, {0, 1}}), pad(a, {{0, 0}, {1, 1}, {2, 1}}, PadMode::reflect),
                                   pad(a, {{0, 0}, {0, 1}, {1, 0}}, PadMode::replicate),
                                   pad(a, {{0, 0}, {1, 0}, {0, 1}}, PadMode::constant, 2.5)};
      },
      normal({3, 4}));
  w.one(
      "along_the_batch",
      [](const Arg& a) {
        return std::vector<Tensor>{concat({a, a}, 0), flip(a, 0), slice(a, 0, {0, 1}), reshape(a, {-1, 2})};
      },
      normal({4}));
  const Tensor list = tensor({2, 0, 0}, i64), at = tensor({{1, 0, 2}}, i64);
  w.one(
      "indices",
      [&](const Arg& a) {
        const Tensor picked = index_select(a, 1, list);
        const Tensor where_to = expand(at, {a.tensor().size(0), 3});
        return std::vector<Tensor>{picked, gather(a, 1, where_to), index_add(a, 1, list, picked),
                                   scatter_add(a, 1, where_to, picked), scatter(a, 1, where_to, picked)};
      },
      normal({4}));
}

void write_products(Writer& w) {
  const Tensor m = randn({4, 3}), batch = randn({2, 1, 5, 4});
  w.one(
      "products",
      [&](const Arg& a) {
        const Tensor x = a;  // (N, 2, 3, 4)
        return std::vector<Tensor>{
            matmul(x, m), matmul(x, x, {.transpose_b = true}), matmul(x, x, {.transpose_a = true}),
            matmul(unsqueeze(x, 1), batch, {.transpose_b = true}), einsum("nhij,jk->nik", {x, m})};
      },
      normal({2, 3, 4}));
  w.one(
      "causal_attention",
      [](const Arg& a) {
        return scaled_dot_product_attention(a, a.tensor() * 0.5, a.tensor() + 1, {}, {.is_causal = true});
      },
      normal({2, 4, 3}));
  w.one(
      "determinants",
      [](const Arg& a) {
        const Tensor regular = a.tensor() * 0.3 + eye(3) * 2.0;  // a determinant near 0 has few digits
        return std::vector<Tensor>{det(regular), slogdet(regular).logabsdet};
      },
      normal({3, 3}));
  const Tensor b = randn({4});
  w.one(
      "gate", [&](const Arg& a) { return apply(Gate{.k = 0.5}, a, sin(a)); }, normal({4}));
  w.one(
      "constant_result",
      [&](const Arg& a) {
        return std::vector<Tensor>{a.tensor().detach() + sin(a), a, exp(a)};
      },
      normal({4}));
}

}  // namespace

void write_operations(Writer& w) {
  write_elementwise(w);
  write_reductions(w);
  write_views(w);
  write_products(w);
}

}  // namespace onnx_cases

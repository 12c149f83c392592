// Scaled dot-product attention (Vaswani et al., 2017).
#include <cmath>

#include "ops/attention.hpp"
#include "ops/common.hpp"
#include "tensor/number.hpp"

namespace gradus {

using namespace detail;
using kernels::Index;

namespace {

Tensor causal(const Tensor& scores) {
  const Index queries = scores.size(-2), keys = scores.size(-1);
  const Tensor seen = reshape(arange(keys), {1, keys}) <= reshape(arange(queries), {queries, 1});
  return masked_fill(scores, logical_not(seen), -infinity);
}

// A tensor (batch, heads, rows, width) whose rows are dense and lie behind each other.
Tensor with_rows(const Tensor& x) {
  const Index width = x.size(3);
  const bool fits = (width == 1 || x.strides()[3] == 1) && (x.size(2) == 1 || x.strides()[2] >= width);
  return fits ? x : dense(x);
}
kernels::HeadRows rows_of(const Tensor& x) {
  const Shape& s = x.strides();
  return {s[0], s[1], x.size(2) == 1 ? x.size(3) : s[2]};
}
// (batch, heads, rows, width), laid out so that joining the heads moves nothing.
Tensor head_rows(Index batch, Index heads, Index rows, Index width, DType dtype) {
  const Shape strides{rows * heads * width, width, heads * width, 1};
  return view(empty({batch, rows, heads, width}, dtype), {batch, heads, rows, width}, strides);
}

struct Attend {
  double scale = 1;
  bool is_causal = false;
  static constexpr auto name = "attention", inputs = "q k v";
  std::string formula(int) const { return "y = p v, p = " + probabilities(); }
  std::string rule(int) const {
    return "dq = scale d k   dk = scale dᵀ q   dv = pᵀ g, d = p ⊙ (g vᵀ - sum(p ⊙ (g vᵀ), axis -1)), p = " +
           probabilities();
  }
  std::string probabilities() const {
    return is_causal ? "softmax(scale q kᵀ where column <= row, else -∞)" : "softmax(scale q kᵀ)";
  }

  static constexpr Saves saves{in0 | in1 | in2 | extra0};
  void fields(auto& v) const { v("scale", scale), v("is_causal", is_causal); }

  kernels::Attention shape(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& y) const {
    return {q.size(0),  q.size(1),  q.size(2),  k.size(2),  q.size(3), v.size(3),
            rows_of(q), rows_of(k), rows_of(v), rows_of(y), scale,     is_causal};
  }
  Tensor forward(Fwd& f, Ins in) const {
    const Tensor q = with_rows(in[0]), k = with_rows(in[1]), v = with_rows(in[2]);
    const Tensor p = f.extras[0] = empty({q.size(0), q.size(1), q.size(2), k.size(2)}, q.dtype());
    Tensor y = head_rows(q.size(0), q.size(1), q.size(2), v.size(3), q.dtype());
    visit_floating(q.dtype(), [&]<class T>() {
      kernels::table<T>().attention(shape(q, k, v, y), detail::data<T>(q), detail::data<T>(k), detail::data<T>(v),
                                    detail::data<T>(p), detail::data<T>(y));
    });
    return y;
  }
  void vjp(Vjp& v) const {
    const Tensor &q = v.in(0), &k = v.in(1);
    const Tensor scores = matmul(q * scale, k, {.transpose_b = true});
    const Tensor p = softmax(is_causal ? causal(scores) : scores, -1);
    if (v.wants(2)) v.give(2, matmul(p, v.g, {.transpose_a = true}));
    if (!v.wants(0) && !v.wants(1)) return;
    const Tensor dp = matmul(v.g, v.in(2), {.transpose_b = true});
    const Tensor ds = p * (dp - sum(p * dp, -1, true)) * scale;
    if (v.wants(0)) v.give(0, matmul(ds, k));
    if (v.wants(1)) v.give(1, matmul(ds, q, {.transpose_a = true}));
  }
  void fast(Vjp& w) const {
    const Tensor q = with_rows(w.in(0)), k = with_rows(w.in(1)), v = with_rows(w.in(2)), g = with_rows(w.g);
    const Tensor &p = w.extra(0), ds = empty(p.shape(), p.dtype());
    const auto like = [](const Tensor& x) { return head_rows(x.size(0), x.size(1), x.size(2), x.size(3), x.dtype()); };
    Tensor dq = like(q), dk = like(k), dv = like(v);
    visit_floating(q.dtype(), [&]<class T>() {
      kernels::table<T>().attention_vjp(shape(q, k, v, g), data<T>(q), data<T>(k), data<T>(v), data<T>(p), data<T>(g),
                                        data<T>(dq), data<T>(dk), data<T>(dv), data<T>(ds));
    });
    if (w.wants(0)) w.give(0, std::move(dq));
    if (w.wants(1)) w.give(1, std::move(dk));
    if (w.wants(2)) w.give(2, std::move(dv));
  }
};

constexpr const OpTable* rows[] = {&op_table<Attend>};

bool any(const Tensor& flags) {
  const auto numbers = flags.data<bool>();
  return std::find(numbers.begin(), numbers.end(), true) != numbers.end();
}

// What the operation takes: one batch, the same heads for all, nothing empty.
bool is_plain(const Shape& q, const Shape& k, const Shape& v) {
  const auto same = [&](int axis) { return q[axis] == k[axis] && q[axis] == v[axis]; };
  return q.size() == 4 && k.size() == 4 && v.size() == 4 && same(0) && same(1) && q.numel() && k.numel() && v.numel();
}

}  // namespace

Rows detail::attention_rows() { return rows; }

Tensor detail::attention_weights(const Tensor& scores) {
  if (scores.numel() == 0) return softmax(scores, -1);
  const Tensor blind = eq(max(scores.detach(), -1, true), -infinity);
  if (!any(blind)) return softmax(scores, -1);
  return masked_fill(softmax(masked_fill(scores, blind, 0), -1), blind, 0);
}

Tensor scaled_dot_product_attention(Arg q, Arg k, Arg v, const Tensor& mask, const AttentionOptions& options) {
  const char* name = "scaled_dot_product_attention";
  check_same_dtype(name, q, k);
  check_same_dtype(name, q, v);
  check_floating(name, q);
  const Shape &sq = q.tensor().shape(), &sk = k.tensor().shape(), &sv = v.tensor().shape();
  if (sq.size() < 2 || sk.size() < 2 || sv.size() < 2 || sq.back() != sk.back() ||
      sk[sk.size() - 2] != sv[sv.size() - 2])
    fail(name,
         {.wrong = "q, k and v have shapes that do not match",
          .got = formatted("q {}, k {}, v {}", to_string(sq), to_string(sk), to_string(sv)),
          .expected = "q (…, L, E), k (…, S, E), v (…, S, Ev)"},
         q);
  check_finite(name, "scale", options.scale, q);
  if (mask.defined() && mask.dtype() != boolean) check_same_dtype(name, q, Arg(mask, q.where));
  const At at(q);
  const double scale = options.scale == 0 ? 1 / std::sqrt(static_cast<double>(sq.back())) : options.scale;
  if (!mask.defined() && is_plain(sq, sk, sv)) return apply(Attend{scale, options.is_causal}, q, k, v);
  Tensor scores = matmul(q * scale, k, {.transpose_b = true});
  if (options.is_causal) scores = causal(scores);
  if (!mask.defined()) return matmul(softmax(scores, -1), v);
  scores = mask.dtype() == boolean ? masked_fill(scores, logical_not(mask), -infinity) : scores + mask;
  return matmul(attention_weights(scores), v);
}

}  // namespace gradus

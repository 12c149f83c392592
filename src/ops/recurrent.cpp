// Recurrent steps, between their matrix products.
#include "ops/common.hpp"

namespace gradus {

using namespace detail;

namespace {

// y = [h, c'], packed: an operation has one output.
struct LstmGates : Plain {
  static constexpr auto name = "lstm_gates", inputs = "a c",
                        formula =
                            "y = stack(σ(o) tanh(c'), c'), c' = σ(f) c + σ(i) tanh(u), i = quarter(a, 0), f = "
                            "quarter(a, 1), u = quarter(a, 2), o = quarter(a, 3)",
                        rule =
                            "da = concat(m tanh(u) σ'(i), m c σ'(f), m σ(i) tanh'(u), h tanh(c') σ'(o))   dc = m σ(f), "
                            "m = part(g, 1) + h σ(o) tanh'(c'), h = part(g, 0), c' = σ(f) c + σ(i) tanh(u), i = "
                            "quarter(a, 0), f = quarter(a, 1), u = quarter(a, 2), o = quarter(a, 3)";
  static constexpr Saves saves{in0 | in1 | out0};
  Tensor forward(Fwd&, Ins in) const {
    const Tensor a = dense(in[0]), c = dense(in[1]);
    Tensor y = empty({2, c.size(0), c.size(1)}, c.dtype());
    visit_floating(c.dtype(), [&]<class T>() {
      kernels::table<T>().lstm(c.size(0), c.size(1), detail::data<T>(a), detail::data<T>(c), detail::data<T>(y));
    });
    return y;
  }
  void vjp(Vjp& v) const {
    const Tensor& c = v.in(1);
    const std::int64_t n = c.size(1);
    const auto gate = [&](std::int64_t k) { return slice(v.in(0), 1, {k * n, (k + 1) * n}); };
    const Tensor i = sigmoid(gate(0)), f = sigmoid(gate(1)), u = tanh(gate(2)), o = sigmoid(gate(3));
    const Tensor dh = v.g[0], t = tanh(f * c + i * u);
    const Tensor m = v.g[1] + dh * o * (1.0 - square(t));
    const auto slope = [](const Tensor& s) { return s * (1.0 - s); };
    if (v.wants(0))
      v.give(0, concat({m * u * slope(i), m * c * slope(f), m * i * (1.0 - square(u)), dh * t * slope(o)}, 1));
    if (v.wants(1)) v.give(1, m * f);
  }
  void fast(Vjp& v) const {
    const Tensor a = dense(v.in(0)), c = dense(v.in(1)), g = dense(v.g);
    Tensor da = empty(a.shape(), a.dtype()), dc = empty(c.shape(), c.dtype());
    visit_floating(c.dtype(), [&]<class T>() {
      kernels::table<T>().lstm_vjp(c.size(0), c.size(1), data<T>(a), data<T>(c), data<T>(v.out()), data<T>(g),
                                   data<T>(da), data<T>(dc));
    });
    if (v.wants(0)) v.give(0, std::move(da));
    if (v.wants(1)) v.give(1, std::move(dc));
  }
};

constexpr const OpTable* rows[] = {&op_table<LstmGates>};

}  // namespace

Rows detail::recurrent_rows() { return rows; }

Tensor lstm_gates(Arg gates, Arg c) {
  const char* name = "lstm_gates";
  check_same_dtype(name, gates, c);
  check_floating(name, gates);
  const Shape &sa = gates.tensor().shape(), &sc = c.tensor().shape();
  if (sa.size() != 2 || sc.size() != 2 || sa[0] != sc[0] || sa[1] != 4 * sc[1])
    fail(name,
         {.wrong = "gates and c have shapes that do not match",
          .got = formatted("gates {}, c {}", to_string(sa), to_string(sc)),
          .expected = "gates (N, 4 H), c (N, H)"},
         gates);
  return apply(LstmGates{}, gates, c);
}

}  // namespace gradus

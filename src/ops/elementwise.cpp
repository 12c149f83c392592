// Arithmetic on two operands, element by element. Each rule is written in public operations, so that it can be
// recorded.
#include <cmath>

#include "ops/binary.hpp"

namespace gradus {

using namespace detail;

namespace {

// ---- two operands of one shape ----

struct Add : Plain {
  static constexpr auto name = "add", formula = "y = a + b", rule = "da = g   db = g";
  static constexpr Saves saves{};
  Tensor forward(Fwd& f, Ins in) const {
    return map2(f.name, f.where, in[0], in[1], [](auto& k) { return k.add; });
  }
  void vjp(Vjp& v) const {
    if (v.wants(0)) v.give(0, v.g);
    if (v.wants(1)) v.give(1, v.g);
  }
};

struct Sub : Plain {
  static constexpr auto name = "sub", formula = "y = a - b", rule = "da = g   db = -g";
  static constexpr Saves saves{};
  Tensor forward(Fwd& f, Ins in) const {
    return map2(f.name, f.where, in[0], in[1], [](auto& k) { return k.sub; });
  }
  void vjp(Vjp& v) const {
    if (v.wants(0)) v.give(0, v.g);
    if (v.wants(1)) v.give(1, -v.g);
  }
};

struct Mul : Plain {
  static constexpr auto name = "mul", formula = "y = a b", rule = "da = g b   db = g a";
  static constexpr Saves saves{in1, in0};
  Tensor forward(Fwd& f, Ins in) const {
    return map2(f.name, f.where, in[0], in[1], [](auto& k) { return k.mul; });
  }
  void vjp(Vjp& v) const {
    if (v.wants(0)) v.give(0, chain_mul(v.g, v.in(1)));
    if (v.wants(1)) v.give(1, chain_mul(v.g, v.in(0)));
  }
  void fast(Vjp& v) const {
    const auto times = [&](int i) { return map2(name, Loc(), v.g, v.in(i), [](auto& k) { return k.chain_mul; }); };
    if (v.wants(0)) v.give(0, times(1));
    if (v.wants(1)) v.give(1, times(0));
  }
};

struct Div : Plain {
  static constexpr auto name = "div", formula = "y = a / b", rule = "da = g / b   db = -g a / b²";
  static constexpr Saves saves{in1, in0 | in1};
  Tensor forward(Fwd& f, Ins in) const {
    return map2(f.name, f.where, in[0], in[1], [](auto& k) { return k.div; });
  }
  void vjp(Vjp& v) const {
    const Tensor ga = chain_div(v.g, v.in(1));
    if (v.wants(0)) v.give(0, ga);
    if (v.wants(1)) v.give(1, -chain_mul(ga, v.in(0) / v.in(1)));
  }
};

struct Pow : Plain {
  static constexpr auto name = "pow", formula = "y = a^b", rule = "da = g b a^(b - 1)   db = g a^b ln a";
  static constexpr Saves saves{in0 | in1, in0 | in1 | out0};
  Tensor forward(Fwd& f, Ins in) const {
    return map2(f.name, f.where, in[0], in[1], [](auto& k) { return k.pow; });
  }
  void vjp(Vjp& v) const {
    const Tensor &a = v.in(0), &b = v.in(1);
    // 0 where the exponent is 0, whatever a^-1 is there.
    if (v.wants(0)) v.give(0, chain_mul(v.g, chain_mul(b, pow(a, b - 1))));
    if (v.wants(1)) {  // 0^b has no slope in b for b >= 0: its logarithm is taken of 1
      const Tensor flat = where(eq(a, 0), b >= 0, zeros_like(eq(a, 0)));
      v.give(1, chain_mul(v.g, chain_mul(v.out(), log(masked_fill(a, flat, 1)))));
    }
  }
};

// Ties share: 1 where this side wins, 1/2 where both do. A NaN on either side makes both comparisons false.
Tensor winner(const Tensor& wins, const Tensor& ties, const Tensor& g) {
  return where(wins, g, where(ties, g * 0.5, zeros_like(g)));
}

struct Maximum : Plain {
  static constexpr auto
      name = "maximum",
      formula = "y = max(a, b)",
      rule = "da = g where a > b, g / 2 where a = b, else 0   db = g where b > a, g / 2 where a = b, else 0";
  static constexpr Saves saves{in0 | in1};
  Tensor forward(Fwd& f, Ins in) const {
    return map2(f.name, f.where, in[0], in[1], [](auto& k) { return k.maximum; });
  }
  void vjp(Vjp& v) const {
    const Tensor &a = v.in(0), &b = v.in(1), tie = eq(a, b);
    if (v.wants(0)) v.give(0, winner(a > b, tie, v.g));
    if (v.wants(1)) v.give(1, winner(b > a, tie, v.g));
  }
};

struct Minimum : Plain {
  static constexpr auto
      name = "minimum",
      formula = "y = min(a, b)",
      rule = "da = g where a < b, g / 2 where a = b, else 0   db = g where b < a, g / 2 where a = b, else 0";
  static constexpr Saves saves{in0 | in1};
  Tensor forward(Fwd& f, Ins in) const {
    return map2(f.name, f.where, in[0], in[1], [](auto& k) { return k.minimum; });
  }
  void vjp(Vjp& v) const {
    const Tensor &a = v.in(0), &b = v.in(1), tie = eq(a, b);
    if (v.wants(0)) v.give(0, winner(a < b, tie, v.g));
    if (v.wants(1)) v.give(1, winner(b < a, tie, v.g));
  }
};

struct Where : Plain {
  static constexpr auto name = "where", inputs = "c a b", formula = "y = a where c, else b",
                        rule = "da = g where c, else 0   db = 0 where c, else g";
  static constexpr Saves saves{0u, in0, in0};
  Tensor forward(Fwd&, Ins in) const { return detail::select(in[0], in[1], in[2]); }
  void vjp(Vjp& v) const {
    if (v.wants(1)) v.give(1, where(v.in(0), v.g, zeros_like(v.g)));
    if (v.wants(2)) v.give(2, where(v.in(0), zeros_like(v.g), v.g));
  }
};

// ---- a number ----

struct AddScalar {
  double k = 0;
  static constexpr auto name = "add_scalar", formula = "y = x + k", rule = "dx = g";
  static constexpr Saves saves{};
  void fields(auto& v) const { v("k", k); }
  Tensor forward(Fwd& f, Ins in) const {
    return map1k(f.name, f.where, in[0], k, 0, [](auto& t) { return t.add_scalar; });
  }
  void vjp(Vjp& v) const { v.give(0, v.g); }
};

struct MulScalar {
  double k = 1;
  static constexpr auto name = "mul_scalar", formula = "y = k x", rule = "dx = k g";
  static constexpr Saves saves{};
  void fields(auto& v) const { v("k", k); }
  Tensor forward(Fwd& f, Ins in) const {
    return map1k(f.name, f.where, in[0], k, 0, [](auto& t) { return t.mul_scalar; });
  }
  void vjp(Vjp& v) const { v.give(0, std::isfinite(k) ? v.g * k : chain_mul(v.g, k)); }
};

struct PowScalar {
  double k = 1;
  static constexpr auto name = "pow_scalar", formula = "y = x^k", rule = "dx = g k x^(k - 1)";
  static constexpr Saves saves{in0};
  void fields(auto& v) const { v("k", k); }
  Tensor forward(Fwd& f, Ins in) const {
    return map1k(f.name, f.where, in[0], k, 0, [](auto& t) { return t.pow_scalar; });
  }
  void vjp(Vjp& v) const { v.give(0, k == 0 ? zeros_like(v.g) : chain_mul(v.g, pow(v.in(0), k - 1) * k)); }
};

constexpr const OpTable* rows[] = {
    &op_table<Add>,       &op_table<Sub>,       &op_table<Mul>,       &op_table<Div>,
    &op_table<Pow>,       &op_table<Maximum>,   &op_table<Minimum>,   &op_table<Where>,
    &op_table<AddScalar>, &op_table<MulScalar>, &op_table<PowScalar>,
};

}  // namespace

Rows detail::elementwise_rows() { return rows; }

// ---- the functions ----

namespace {

// A number beside a tensor that takes it needs no constant.
bool is_tensor_and_number(const Arg& x, const Arg& number) {
  return number.is_number() && !x.is_number() && x.tensor().defined() && takes(x.tensor().dtype(), number.number());
}

}  // namespace

Tensor add(Arg a, Arg b) {
  if (is_tensor_and_number(a, b)) return apply(AddScalar{b.number()}, a);
  if (is_tensor_and_number(b, a)) return apply(AddScalar{a.number()}, Arg(b, a.where));
  return binary(Add{}, a, b);
}
Tensor sub(Arg a, Arg b) {
  if (is_tensor_and_number(a, b)) return apply(AddScalar{-b.number()}, a);
  return binary(Sub{}, a, b);
}
Tensor mul(Arg a, Arg b) {
  if (is_tensor_and_number(a, b)) return apply(MulScalar{b.number()}, a);
  if (is_tensor_and_number(b, a)) return apply(MulScalar{a.number()}, Arg(b, a.where));
  return binary(Mul{}, a, b);
}
Tensor div(Arg a, Arg b) { return binary(Div{}, a, b); }
Tensor pow(Arg a, Arg b) {
  if (is_tensor_and_number(a, b)) return apply(PowScalar{b.number()}, a);
  return binary(Pow{}, a, b);
}
Tensor maximum(Arg a, Arg b) { return binary(Maximum{}, a, b); }
Tensor minimum(Arg a, Arg b) { return binary(Minimum{}, a, b); }

Tensor where(Arg condition, Arg a, Arg b) {
  check_dtype("where", "the condition", condition, boolean);
  Tensor number;
  if (a.is_number()) {
    number = constant("where", Arg(a.number(), condition.where), b);
    a = Arg(number, condition.where);
  } else if (b.is_number()) {
    number = constant("where", Arg(b.number(), condition.where), a);
    b = Arg(number, condition.where);
  }
  check_same_dtype("where", a, b);
  const Shape to = broadcast_shape(condition.tensor().shape(),
                                   broadcast_shape(a.tensor().shape(), b.tensor().shape(), "where", condition.where),
                                   "where", condition.where);
  const At at(condition);
  const auto expanded = [&](const Arg& x) { return x.tensor().shape() == to ? x.tensor() : expand(x, to); };
  const Tensor ec = expanded(condition), ea = expanded(a), eb = expanded(b);
  return apply(Where{}, Arg(ec, condition.where), Arg(ea, condition.where), Arg(eb, condition.where));
}

Tensor masked_fill(Arg x, Arg mask, double value) {
  check_defined(x, "masked_fill", x.where);
  check_dtype("masked_fill", "the mask", mask, boolean);
  const At at(x);
  return where(mask, constant("masked_fill", Arg(value, x.where), x), x);
}

}  // namespace gradus

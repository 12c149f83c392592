// Functions of one operand, element by element. Each rule is written in public operations, so that it can be recorded.
#include <cmath>
#include <numbers>

#include "ops/binary.hpp"

namespace gradus {

using namespace detail;

namespace {

struct Neg : Plain {
  static constexpr auto name = "neg", formula = "y = -x", rule = "dx = -g";
  static constexpr Saves saves{};
  Tensor forward(Fwd& f, Ins in) const {
    return map1(f.name, f.where, in[0], [](auto& k) { return k.neg; });
  }
  void vjp(Vjp& v) const { v.give(0, -v.g); }
};

struct Abs : Plain {
  static constexpr auto name = "abs", formula = "y = |x|", rule = "dx = g sign(x)";
  static constexpr Saves saves{in0};
  Tensor forward(Fwd& f, Ins in) const {
    return map1(f.name, f.where, in[0], [](auto& k) { return k.abs; });
  }
  void vjp(Vjp& v) const { v.give(0, chain_mul(v.g, sign(v.in(0)))); }
};

struct Sign : Plain {
  static constexpr auto name = "sign", formula = "y = sign(x)", rule = "dx = 0";
  static constexpr Saves saves{};
  Tensor forward(Fwd& f, Ins in) const {
    return map1(f.name, f.where, in[0], [](auto& k) { return k.sign; });
  }
  void vjp(Vjp& v) const { v.give(0, zeros_like(v.g)); }
};

struct Square : Plain {
  static constexpr auto name = "square", formula = "y = x²", rule = "dx = 2 g x";
  static constexpr Saves saves{in0};
  Tensor forward(Fwd& f, Ins in) const {
    return map1(f.name, f.where, in[0], [](auto& k) { return k.square; });
  }
  void vjp(Vjp& v) const { v.give(0, chain_mul(v.g, v.in(0) * 2)); }
  void fast(Vjp& v) const {
    Tensor gx = map2(name, Loc(), v.g, v.in(0), [](auto& k) { return k.chain_mul; });
    scale_strided(*gx.impl(), 2);
    v.give(0, std::move(gx));
  }
};

struct Sqrt : Plain {
  static constexpr auto name = "sqrt", formula = "y = sqrt(x)", rule = "dx = g / (2 y)";
  static constexpr Saves saves{out0};
  Tensor forward(Fwd& f, Ins in) const {
    return map1(f.name, f.where, in[0], [](auto& k) { return k.sqrt; });
  }
  void vjp(Vjp& v) const { v.give(0, chain_div(v.g, v.out() * 2)); }
};

struct Rsqrt : Plain {
  static constexpr auto name = "rsqrt", formula = "y = 1 / sqrt(x)", rule = "dx = -g y³ / 2";
  static constexpr Saves saves{out0};
  Tensor forward(Fwd& f, Ins in) const {
    return map1(f.name, f.where, in[0], [](auto& k) { return k.rsqrt; });
  }
  void vjp(Vjp& v) const { v.give(0, chain_mul(v.g, pow(v.out(), 3) * -0.5)); }
};

struct Reciprocal : Plain {
  static constexpr auto name = "reciprocal", formula = "y = 1 / x", rule = "dx = -g y²";
  static constexpr Saves saves{out0};
  Tensor forward(Fwd& f, Ins in) const {
    return map1(f.name, f.where, in[0], [](auto& k) { return k.reciprocal; });
  }
  void vjp(Vjp& v) const { v.give(0, -chain_mul(v.g, square(v.out()))); }
};

struct Exp : Plain {
  static constexpr auto name = "exp", formula = "y = e^x", rule = "dx = g y";
  static constexpr Saves saves{out0};
  Tensor forward(Fwd& f, Ins in) const {
    return map1(f.name, f.where, in[0], [](auto& k) { return k.exp; });
  }
  void vjp(Vjp& v) const { v.give(0, chain_mul(v.g, v.out())); }
};

struct Expm1 : Plain {
  static constexpr auto name = "expm1", formula = "y = e^x - 1", rule = "dx = g (y + 1)";
  static constexpr Saves saves{out0};
  Tensor forward(Fwd& f, Ins in) const {
    return map1(f.name, f.where, in[0], [](auto& k) { return k.expm1; });
  }
  void vjp(Vjp& v) const { v.give(0, chain_mul(v.g, v.out() + 1)); }
};

struct Log : Plain {
  static constexpr auto name = "log", formula = "y = ln x", rule = "dx = g / x";
  static constexpr Saves saves{in0};
  Tensor forward(Fwd& f, Ins in) const {
    return map1(f.name, f.where, in[0], [](auto& k) { return k.log; });
  }
  void vjp(Vjp& v) const { v.give(0, chain_div(v.g, v.in(0))); }
};

struct Log1p : Plain {
  static constexpr auto name = "log1p", formula = "y = ln(1 + x)", rule = "dx = g / (1 + x)";
  static constexpr Saves saves{in0};
  Tensor forward(Fwd& f, Ins in) const {
    return map1(f.name, f.where, in[0], [](auto& k) { return k.log1p; });
  }
  void vjp(Vjp& v) const { v.give(0, chain_div(v.g, v.in(0) + 1)); }
};

struct Sin : Plain {
  static constexpr auto name = "sin", formula = "y = sin x", rule = "dx = g cos x";
  static constexpr Saves saves{in0};
  Tensor forward(Fwd& f, Ins in) const {
    return map1(f.name, f.where, in[0], [](auto& k) { return k.sin; });
  }
  void vjp(Vjp& v) const { v.give(0, chain_mul(v.g, cos(v.in(0)))); }
};

struct Cos : Plain {
  static constexpr auto name = "cos", formula = "y = cos x", rule = "dx = -g sin x";
  static constexpr Saves saves{in0};
  Tensor forward(Fwd& f, Ins in) const {
    return map1(f.name, f.where, in[0], [](auto& k) { return k.cos; });
  }
  void vjp(Vjp& v) const { v.give(0, -chain_mul(v.g, sin(v.in(0)))); }
};

struct Tan : Plain {
  static constexpr auto name = "tan", formula = "y = tan x", rule = "dx = g (1 + y²)";
  static constexpr Saves saves{out0};
  Tensor forward(Fwd& f, Ins in) const {
    return map1(f.name, f.where, in[0], [](auto& k) { return k.tan; });
  }
  void vjp(Vjp& v) const { v.give(0, chain_mul(v.g, square(v.out()) + 1)); }
};

struct Erf : Plain {
  static constexpr auto name = "erf", formula = "y = erf(x)", rule = "dx = g (2 / sqrt(π)) e^(-x²)";
  static constexpr Saves saves{in0};
  Tensor forward(Fwd& f, Ins in) const {
    return map1(f.name, f.where, in[0], [](auto& k) { return k.erf; });
  }
  void vjp(Vjp& v) const { v.give(0, chain_mul(v.g, exp(-square(v.in(0))) * (2 * std::numbers::inv_sqrtpi))); }
};

struct Clamp {
  double low = -infinity, high = infinity;
  static constexpr auto name = "clamp", formula = "y = min(max(x, low), high)",
                        rule = "dx = g where low <= x <= high, else 0";
  static constexpr Saves saves{in0};
  void fields(auto& v) const { v("low", low), v("high", high); }
  Tensor forward(Fwd& f, Ins in) const {
    if (in[0].dtype() == i64) return clamped_integers(in[0]);
    return map1k(f.name, f.where, in[0], low, high, [](auto& k) { return k.clamp; });
  }
  void vjp(Vjp& v) const {
    const Tensor& x = v.in(0);
    const Tensor zero = zeros_like(v.g);
    v.give(0, where(x < low, zero, where(x > high, zero, v.g)));
  }

 private:
  // An open side is a bound that i64 does not hold.
  Tensor clamped_integers(const Tensor& x) const {
    const Tensor raised = low == -infinity ? x : gradus::maximum(x, low);
    return high == infinity ? clone(raised) : gradus::minimum(raised, high);
  }
};

struct Cast {
  DType dtype = f32;
  static constexpr auto name = "to";
  std::string formula(int) const { return "y = x as " + std::string(gradus::name(dtype)); }
  std::string rule(int) const { return "dx = g as the dtype of x"; }

  static constexpr Saves saves{};
  void fields(auto& v) const { v("dtype", dtype); }
  Tensor forward(Fwd& f, Ins in) const {
    check_conversion(*in[0].impl(), dtype, Rounding::to_zero, f.name, f.where);
    Tensor y = empty(in[0].shape(), dtype);
    assign_strided(*in[0].impl(), *y.impl());
    return y;
  }
  void vjp(Vjp& v) const { v.give(0, to(v.g, v.dtype(0))); }
};

constexpr const OpTable* rows[] = {
    &op_table<Neg>,        &op_table<Abs>, &op_table<Sign>,  &op_table<Square>, &op_table<Sqrt>,  &op_table<Rsqrt>,
    &op_table<Reciprocal>, &op_table<Exp>, &op_table<Expm1>, &op_table<Log>,    &op_table<Log1p>, &op_table<Sin>,
    &op_table<Cos>,        &op_table<Tan>, &op_table<Erf>,   &op_table<Clamp>,  &op_table<Cast>,
};

}  // namespace

Rows detail::function_rows() { return rows; }

Tensor neg(Arg x) { return apply(Neg{}, x); }
Tensor abs(Arg x) { return apply(Abs{}, x); }
Tensor sign(Arg x) { return apply(Sign{}, x); }
Tensor square(Arg x) { return apply(Square{}, x); }
Tensor sqrt(Arg x) { return apply(Sqrt{}, x); }
Tensor rsqrt(Arg x) { return apply(Rsqrt{}, x); }
Tensor reciprocal(Arg x) { return apply(Reciprocal{}, x); }
Tensor exp(Arg x) { return apply(Exp{}, x); }
Tensor expm1(Arg x) { return apply(Expm1{}, x); }
Tensor log(Arg x) { return apply(Log{}, x); }
Tensor log1p(Arg x) { return apply(Log1p{}, x); }
Tensor sin(Arg x) { return apply(Sin{}, x); }
Tensor cos(Arg x) { return apply(Cos{}, x); }
Tensor tan(Arg x) { return apply(Tan{}, x); }
Tensor erf(Arg x) { return apply(Erf{}, x); }

Tensor clamp(Arg x, double low, double high) {
  check_defined(x, "clamp", x.where);
  const auto refuse = [&](const char* wrong, const char* expected) {
    fail("clamp",
         {.wrong = wrong,
          .got = formatted("low = {}, high = {}", number_text(low), number_text(high)),
          .expected = expected},
         x);
  };
  if (!(low <= high)) refuse("the bounds are not in order", "low <= high, and neither is NaN");
  const DType dtype = x.tensor().dtype();
  const bool takes_low = takes(dtype, low) || low == -infinity, takes_high = takes(dtype, high) || high == infinity;
  if (!takes_low || !takes_high)
    refuse("a tensor of integers cannot take these bounds", "integers; low = -infinity or high = infinity: no bound");
  return apply(Clamp{low, high}, x);
}

Tensor to(Arg x, DType dtype) {
  check_defined(x, "to", x.where);
  return x.tensor().dtype() == dtype ? x.tensor() : apply(Cast{dtype}, x);
}

}  // namespace gradus

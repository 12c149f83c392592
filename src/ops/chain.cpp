// The two products of the chain rule, gradient times slope and gradient over divisor: a gradient of 0 stays 0.
#include "ops/binary.hpp"

namespace gradus {

using namespace detail;

namespace {

// A branch that `where` did not take sends 0 back. If the slope there is infinite or NaN, 0 times it would be NaN. In
// the rule of the rule a factor of 0 may be either one.
struct ChainMul {
  bool either = false;  // 0 where either operand is 0, else only where g is
  static constexpr auto name = "chain_mul";
  std::string formula(int) const {
    return either ? "y = 0 where a = 0 or b = 0, else a b" : "y = 0 where a = 0, else a b";
  }
  std::string rule(int) const {
    return "da = 0 where g = 0 or b = 0, else g b   db = 0 where g = 0 or a = 0, else g a";
  }

  static constexpr Saves saves{in1, in0};
  void fields(auto& v) const { v("either", either); }
  Tensor forward(Fwd& f, Ins in) const {
    return map2(f.name, f.where, in[0], in[1], [this](auto& k) { return either ? k.mul_zero : k.chain_mul; });
  }
  void vjp(Vjp& v) const {
    if (v.wants(0)) v.give(0, mul_zero(v.g, v.in(1)));
    if (v.wants(1)) v.give(1, mul_zero(v.g, v.in(0)));
  }
  void fast(Vjp& v) const {  // where a walk goes back over a recorded one, most of its nodes are these
    const auto slope = [&](int other) {
      return map2(name, Loc(), v.g, v.in(other), [](auto& k) { return k.mul_zero; });
    };
    if (v.wants(0)) v.give(0, slope(1));
    if (v.wants(1)) v.give(1, slope(0));
  }
  static Tensor mul_zero(const Tensor& a, const Tensor& b) { return apply(ChainMul{.either = true}, a, b); }
};

struct ChainDiv : Plain {
  static constexpr auto name = "chain_div", formula = "y = 0 where a = 0, else a / b",
                        rule = "da = 0 where g = 0, else g / b   db = 0 where g = 0 or y = 0, else -g y / b";
  static constexpr Saves saves{in1, in1 | out0};
  Tensor forward(Fwd& f, Ins in) const {
    return map2(f.name, f.where, in[0], in[1], [](auto& k) { return k.chain_div; });
  }
  void vjp(Vjp& v) const {
    if (v.wants(0)) v.give(0, chain_div(v.g, v.in(1)));
    if (v.wants(1)) v.give(1, -chain_div(ChainMul::mul_zero(v.g, v.out()), v.in(1)));
  }
};

constexpr const OpTable* rows[] = {&op_table<ChainMul>, &op_table<ChainDiv>};

}  // namespace

Rows detail::chain_rows() { return rows; }

Tensor chain_mul(Arg g, Arg slope) { return binary(ChainMul{}, g, slope); }
Tensor chain_div(Arg g, Arg divisor) { return binary(ChainDiv{}, g, divisor); }

}  // namespace gradus

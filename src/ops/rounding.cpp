// Whole numbers near a number, and what is left of a division.
#include <algorithm>
#include <cmath>

#include "ops/each.hpp"

namespace gradus {

using namespace detail;

namespace {

struct Floor : Plain {
  static constexpr auto name = "floor", formula = "y = ⌊x⌋", rule = "dx = 0";
  static constexpr Saves saves{};
  Tensor forward(Fwd& f, Ins in) const {
    return each(
        f, in[0], [](auto x) { return std::floor(x); }, true);
  }
  void vjp(Vjp& v) const { v.give(0, zeros_like(v.g)); }
};

struct Ceil : Plain {
  static constexpr auto name = "ceil", formula = "y = ⌈x⌉", rule = "dx = 0";
  static constexpr Saves saves{};
  Tensor forward(Fwd& f, Ins in) const {
    return each(
        f, in[0], [](auto x) { return std::ceil(x); }, true);
  }
  void vjp(Vjp& v) const { v.give(0, zeros_like(v.g)); }
};

struct Round : Plain {
  static constexpr auto name = "round", formula = "y = round(x)", rule = "dx = 0";
  static constexpr Saves saves{};
  Tensor forward(Fwd& f, Ins in) const {
    return each(
        f, in[0], [](auto x) { return std::nearbyint(x); }, true);
  }
  void vjp(Vjp& v) const { v.give(0, zeros_like(v.g)); }
};

struct Remainder : Plain {
  static constexpr auto name = "remainder", formula = "y = a - b ⌊a / b⌋", rule = "da = g   db = -g ⌊a / b⌋";
  static constexpr Saves saves{0u, in0 | in1 | out0};
  Tensor forward(Fwd& f, Ins in) const {
    const Tensor &a = in[0], &b = in[1];
    if (a.dtype() == boolean) refuse_dtype(name, boolean, f.where);
    const Tensor y = empty(a.shape(), a.dtype());
    if (a.dtype() == i64) {
      if (any(eq(b, 0)).item<bool>())
        f.fail({.wrong = "a divisor is 0", .got = "a remainder of integers", .expected = "divisors other than 0"});
      each_pair<std::int64_t>(a, b, y, of_integers);
      return y;
    }
    visit_floating(y.dtype(), [&]<class T>() {
      each_pair<T>(a, b, y, [](T p, T q) {
        const T rest = std::fmod(p, q);
        return rest != 0 && (rest < 0) != (q < 0) ? rest + q : rest;
      });
    });
    return y;
  }
  void vjp(Vjp& v) const {
    if (v.wants(0)) v.give(0, v.g);
    // (a - y) / b is a whole number but for its rounding; ⌊a / b⌋ may round to the next one.
    if (v.wants(1)) v.give(1, -chain_mul(v.g, round((v.in(0) - v.out()) / v.in(1))));
  }

 private:
  static std::int64_t of_integers(std::int64_t p, std::int64_t q) {
    if (q == -1) return 0;  // the quotient of the smallest integer does not fit
    const std::int64_t rest = p % q;
    return rest != 0 && (rest < 0) != (q < 0) ? rest + q : rest;
  }
};

constexpr const OpTable* rows[] = {&op_table<Floor>, &op_table<Ceil>, &op_table<Round>, &op_table<Remainder>};

}  // namespace

Rows detail::rounding_rows() { return rows; }

Tensor floor(Arg x) { return apply(Floor{}, x); }
Tensor ceil(Arg x) { return apply(Ceil{}, x); }
Tensor round(Arg x) { return apply(Round{}, x); }
Tensor remainder(Arg a, Arg b) { return binary(Remainder{}, a, b); }

}  // namespace gradus

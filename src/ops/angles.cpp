// Inverse functions of sine, cosine and tangent, the hyperbolic ones, and the logarithm to base 2.
#include <cmath>
#include <numbers>

#include "ops/each.hpp"

namespace gradus {

using namespace detail;

namespace {

// sqrt(1 - x²), exact near 1 and -1.
Tensor other_leg(const Tensor& x) { return sqrt((1.0 - x) * (1.0 + x)); }

struct Asin : Plain {
  static constexpr auto name = "asin", formula = "y = asin x", rule = "dx = g / sqrt(1 - x²)";
  static constexpr Saves saves{in0};
  Tensor forward(Fwd& f, Ins in) const {
    return each(f, in[0], [](auto x) { return std::asin(x); });
  }
  void vjp(Vjp& v) const { v.give(0, chain_div(v.g, other_leg(v.in(0)))); }
};

struct Acos : Plain {
  static constexpr auto name = "acos", formula = "y = acos x", rule = "dx = -g / sqrt(1 - x²)";
  static constexpr Saves saves{in0};
  Tensor forward(Fwd& f, Ins in) const {
    return each(f, in[0], [](auto x) { return std::acos(x); });
  }
  void vjp(Vjp& v) const { v.give(0, -chain_div(v.g, other_leg(v.in(0)))); }
};

struct Atan : Plain {
  static constexpr auto name = "atan", formula = "y = atan x", rule = "dx = g / (1 + x²)";
  static constexpr Saves saves{in0};
  Tensor forward(Fwd& f, Ins in) const {
    return each(f, in[0], [](auto x) { return std::atan(x); });
  }
  void vjp(Vjp& v) const { v.give(0, chain_div(v.g, square(v.in(0)) + 1)); }
};

struct Atan2 : Plain {
  static constexpr auto name = "atan2", formula = "y = atan2(a, b)",
                        rule = "da = g b / (a² + b²)   db = -g a / (a² + b²)";
  static constexpr Saves saves{in0 | in1};
  Tensor forward(Fwd& f, Ins in) const {
    if (!is_floating(in[0].dtype())) refuse_dtype(f.name, in[0].dtype(), f.where);
    const Tensor y = empty(in[0].shape(), in[0].dtype());
    visit_floating(y.dtype(),
                   [&]<class T>() { each_pair<T>(in[0], in[1], y, [](T a, T b) { return std::atan2(a, b); }); });
    return y;
  }
  void vjp(Vjp& v) const {
    // Scaled by the larger leg, so that no square overflows or vanishes. At (0, 0) all is divided by 1 instead.
    const Tensor &a = v.in(0), &b = v.in(1);
    const Tensor larger = gradus::maximum(abs(a), abs(b)).detach(), scale = masked_fill(larger, eq(larger, 0), 1);
    const Tensor p = a / scale, q = b / scale, squares = square(p) + square(q);
    const Tensor divisor = masked_fill(squares, eq(larger, 0), 1) * scale;
    if (v.wants(0)) v.give(0, chain_mul(v.g, q / divisor));
    if (v.wants(1)) v.give(1, -chain_mul(v.g, p / divisor));
  }
};

// The C library's sinhf and coshf take five times as long.
float sinh_of(float x) {
  const double d = x;
  if (std::abs(d) < 1e-3) return static_cast<float>(d + d * d * d / 6);
  const double e = std::exp(d);
  return static_cast<float>((e - 1 / e) / 2);
}
double sinh_of(double x) { return std::sinh(x); }
float cosh_of(float x) {
  const double e = std::exp(static_cast<double>(x));
  return static_cast<float>((e + 1 / e) / 2);
}
double cosh_of(double x) { return std::cosh(x); }

struct Sinh : Plain {
  static constexpr auto name = "sinh", formula = "y = sinh x", rule = "dx = g cosh x";
  static constexpr Saves saves{in0};
  Tensor forward(Fwd& f, Ins in) const {
    return each(f, in[0], [](auto x) { return sinh_of(x); });
  }
  void vjp(Vjp& v) const { v.give(0, chain_mul(v.g, cosh(v.in(0)))); }
};

struct Cosh : Plain {
  static constexpr auto name = "cosh", formula = "y = cosh x", rule = "dx = g sinh x";
  static constexpr Saves saves{in0};
  Tensor forward(Fwd& f, Ins in) const {
    return each(f, in[0], [](auto x) { return cosh_of(x); });
  }
  void vjp(Vjp& v) const { v.give(0, chain_mul(v.g, sinh(v.in(0)))); }
};

struct Log2 : Plain {
  static constexpr auto name = "log2", formula = "y = ln x / ln 2", rule = "dx = g / (x ln 2)";
  static constexpr Saves saves{in0};
  Tensor forward(Fwd& f, Ins in) const {
    return each(f, in[0], [](auto x) { return std::log2(x); });
  }
  void vjp(Vjp& v) const { v.give(0, chain_div(v.g, v.in(0) * std::numbers::ln2)); }
};

constexpr const OpTable* rows[] = {&op_table<Asin>, &op_table<Acos>, &op_table<Atan>, &op_table<Atan2>,
                                   &op_table<Sinh>, &op_table<Cosh>, &op_table<Log2>};

}  // namespace

Rows detail::angle_rows() { return rows; }

Tensor asin(Arg x) { return apply(Asin{}, x); }
Tensor acos(Arg x) { return apply(Acos{}, x); }
Tensor atan(Arg x) { return apply(Atan{}, x); }
Tensor atan2(Arg a, Arg b) { return binary(Atan2{}, a, b); }
Tensor sinh(Arg x) { return apply(Sinh{}, x); }
Tensor cosh(Arg x) { return apply(Cosh{}, x); }
Tensor log2(Arg x) { return apply(Log2{}, x); }

}  // namespace gradus

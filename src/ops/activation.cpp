// Activations. Where a kernel does the whole rule in one pass, `fast` uses it and the readable rule stands beside it.
#include <cmath>
#include <numbers>

#include "ops/common.hpp"
#include "ops/relu_plan.hpp"
#include "tape/spare.hpp"
#include "tensor/format.hpp"

namespace gradus {

using namespace detail;

namespace {

struct Tanh : Plain {
  static constexpr auto name = "tanh", formula = "y = tanh x", rule = "dx = g (1 - y²)";
  static constexpr Saves saves{out0};
  Tensor forward(Fwd& f, Ins in) const {
    return map1(f.name, f.where, in[0], [](auto& k) { return k.tanh; });
  }
  void vjp(Vjp& v) const { v.give(0, chain_mul(v.g, 1.0 - square(v.out()))); }
  void fast(Vjp& v) const {
    v.give(0, map2(name, Loc(), v.g, v.out(), [](auto& k) { return k.tanh_vjp; }));
  }
};

struct Sigmoid : Plain {
  static constexpr auto name = "sigmoid", formula = "y = 1 / (1 + e^(-x))", rule = "dx = g y (1 - y)";
  static constexpr Saves saves{out0};
  Tensor forward(Fwd& f, Ins in) const {
    return map1(f.name, f.where, in[0], [](auto& k) { return k.sigmoid; });
  }
  void vjp(Vjp& v) const { v.give(0, chain_mul(v.g, v.out() * (1.0 - v.out()))); }
  void fast(Vjp& v) const {
    v.give(0, map2(name, Loc(), v.g, v.out(), [](auto& k) { return k.sigmoid_vjp; }));
  }
};

struct LogSigmoid : Plain {
  static constexpr auto name = "log_sigmoid", formula = "y = -ln(1 + e^(-x))", rule = "dx = g sigmoid(-x)";
  static constexpr Saves saves{in0};
  Tensor forward(Fwd& f, Ins in) const {
    return map1(f.name, f.where, in[0], [](auto& k) { return k.log_sigmoid; });
  }
  void vjp(Vjp& v) const { v.give(0, chain_mul(v.g, sigmoid(-v.in(0)))); }
};

// Runs body(begin, end) over the elements of x, shared out to the threads.
template <class Body>
void for_pieces(const Tensor& x, const Body& body) {
  kernels::parallel_for(x.impl()->numel, grain, body);
}

struct Relu : Plain {
  static constexpr auto name = "relu", formula = "y = max(x, 0)", rule = "dx = g where y > 0, else 0";
  static constexpr Saves saves{out0};
  Tensor forward(Fwd& f, Ins in) const {
    const ReluPlan& plan = relu_plan();
    if (plan.spare && plan.input == in[0].impl() && may_overwrite(in[0])) {
      visit_floating(in[0].dtype(), [&]<class T>() {
        const auto kernel = kernels::table<T>().relu;
        T* const x = detail::data<T>(in[0]);
        for_pieces(in[0], [&](auto begin, auto end) { kernel(end - begin, x + begin, 1, x + begin); });
      });
      return alias(in[0]);
    }
    return map1(f.name, f.where, in[0], [](auto& k) { return k.relu; });
  }
  void vjp(Vjp& v) const { v.give(0, masked_fill(v.g, v.out() <= 0, 0)); }
  void fast(Vjp& v) const {
    if (!is_spare(v.g) || !v.out().is_contiguous())
      return v.give(0, map2(name, Loc(), v.g, v.out(), [](auto& k) { return k.relu_vjp; }));
    visit_floating(v.g.dtype(), [&]<class T>() {
      const auto kernel = kernels::table<T>().relu_vjp;
      T *const g = detail::data<T>(v.g), *const y = detail::data<T>(v.out());
      for_pieces(v.g, [&](auto begin, auto end) { kernel(end - begin, g + begin, 1, y + begin, 1, g + begin); });
    });
    v.give(0, v.g);
  }
};

// A relu that max_pool2d follows, as ReluPlan says: the pooling does its work, both ways. The record shows a relu.
struct ReluOfPool : Plain {
  static constexpr auto name = Relu::name, formula = Relu::formula, rule = Relu::rule;
  static constexpr Saves saves{};
  Tensor forward(Fwd&, Ins in) const { return alias(in[0]); }
  void vjp(Vjp& v) const { v.give(0, v.g); }
};

struct LeakyRelu {
  double slope = 0.01;
  static constexpr auto name = "leaky_relu", formula = "y = x where x > 0, else slope x",
                        rule = "dx = g where x > 0, else slope g";
  static constexpr Saves saves{in0};
  void fields(auto& v) const { v("slope", slope); }
  Tensor forward(Fwd& f, Ins in) const {
    return map1k(f.name, f.where, in[0], slope, 0, [](auto& k) { return k.leaky_relu; });
  }
  void vjp(Vjp& v) const { v.give(0, where(v.in(0) > 0, v.g, v.g * slope)); }
};

struct Elu {
  double alpha = 1;
  static constexpr auto name = "elu", formula = "y = x where x > 0, else alpha (e^x - 1)",
                        rule = "dx = g where x > 0, else g alpha e^x";
  static constexpr Saves saves{in0};
  void fields(auto& v) const { v("alpha", alpha); }
  Tensor forward(Fwd& f, Ins in) const {
    return map1k(f.name, f.where, in[0], alpha, 0, [](auto& k) { return k.elu; });
  }
  void vjp(Vjp& v) const {
    const Tensor right = v.in(0) > 0;
    // On the right e^x, which might overflow, is not needed.
    v.give(0, where(right, v.g, chain_mul(v.g, exp(masked_fill(v.in(0), right, 0)) * alpha)));
  }
};

struct GeluOp {
  Gelu form = Gelu::exact;
  static constexpr auto name = "gelu";
  std::string formula(int) const {
    return form == Gelu::exact ? "y = x Φ(x)" : "y = x s, s = sigmoid(2 sqrt(2 / π) (x + 0.044715 x³))";
  }
  std::string rule(int) const {
    if (form == Gelu::exact) return "dx = g (Φ(x) + x φ(x))";
    return "dx = g (s + x s (1 - s) u'), s = sigmoid(u), u = 2 sqrt(2 / π) (x + 0.044715 x³), "
           "u' = 2 sqrt(2 / π) (1 + 0.134145 x²)";
  }

  static constexpr Saves saves{in0};
  void fields(auto& v) const { v("form", form); }
  Tensor forward(Fwd& f, Ins in) const {
    return map1(f.name, f.where, in[0], [this](auto& k) { return form == Gelu::exact ? k.gelu : k.gelu_tanh; });
  }
  void vjp(Vjp& v) const {
    const Tensor &x = v.in(0), xx = square(x);
    if (form == Gelu::exact) {
      const Tensor cdf = (erf(x * (1 / std::numbers::sqrt2)) + 1) * 0.5;
      const Tensor pdf = exp(xx * -0.5) * (std::numbers::inv_sqrtpi / std::numbers::sqrt2);
      return v.give(0, chain_mul(v.g, cdf + chain_mul(pdf, x)));
    }
    // 0.5 x (1 + tanh(u / 2)) is x sigmoid(u), u = 2 sqrt(2/π) (x + 0.044715 x³).
    const double k = 2 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi, cubic = 0.044715;
    const Tensor s = sigmoid(x * (xx * cubic + 1) * k);
    v.give(0, chain_mul(v.g, s + chain_mul(s * (1.0 - s), x * ((xx * (3 * cubic) + 1) * k))));
  }
  void fast(Vjp& v) const {
    v.give(0, map2(name, Loc(), v.g, v.in(0),
                   [this](auto& k) { return form == Gelu::exact ? k.gelu_vjp : k.gelu_tanh_vjp; }));
  }
};

struct Silu : Plain {
  static constexpr auto name = "silu", formula = "y = x sigmoid(x)", rule = "dx = g s (1 + x (1 - s)), s = sigmoid(x)";
  static constexpr Saves saves{in0};
  Tensor forward(Fwd& f, Ins in) const {
    return map1(f.name, f.where, in[0], [](auto& k) { return k.silu; });
  }
  void vjp(Vjp& v) const {
    const Tensor &x = v.in(0), s = sigmoid(x);
    v.give(0, chain_mul(v.g, s + chain_mul(s * (1.0 - s), x)));
  }
  void fast(Vjp& v) const {
    v.give(0, map2(name, Loc(), v.g, v.in(0), [](auto& k) { return k.silu_vjp; }));
  }
};

struct Softplus {
  double beta = 1, threshold = 20;
  static constexpr auto name = "softplus", formula = "y = x where beta x > threshold, else ln(1 + e^(beta x)) / beta",
                        rule = "dx = g where beta x > threshold, else g sigmoid(beta x)";
  static constexpr Saves saves{in0};
  void fields(auto& v) const { v("beta", beta), v("threshold", threshold); }
  Tensor forward(Fwd& f, Ins in) const {
    return map1k(f.name, f.where, in[0], beta, threshold, [](auto& k) { return k.softplus; });
  }
  void vjp(Vjp& v) const {
    const Tensor z = v.in(0) * beta;
    v.give(0, where(z > threshold, v.g, chain_mul(v.g, sigmoid(z))));
  }
};

struct Mish : Plain {
  static constexpr auto name = "mish", formula = "y = x tanh(ln(1 + e^x))",
                        rule = "dx = g (t + x s (1 - t²)), t = tanh(ln(1 + e^x)), s = sigmoid(x)";
  static constexpr Saves saves{in0};
  Tensor forward(Fwd&, Ins in) const { return chain_mul(tanh(softplus(in[0], 1, infinity)), in[0]); }
  void vjp(Vjp& v) const {
    const Tensor &x = v.in(0), t = tanh(softplus(x, 1, infinity));
    v.give(0, chain_mul(v.g, t + chain_mul(sigmoid(x) * (1.0 - square(t)), x)));
  }
};

constexpr const OpTable* rows[] = {
    &op_table<Tanh>, &op_table<Sigmoid>, &op_table<LogSigmoid>, &op_table<Relu>,     &op_table<LeakyRelu>,
    &op_table<Elu>,  &op_table<GeluOp>,  &op_table<Silu>,       &op_table<Softplus>, &op_table<Mish>,
};

}  // namespace

Rows detail::activation_rows() { return rows; }

Tensor tanh(Arg x) { return apply(Tanh{}, x); }
Tensor sigmoid(Arg x) { return apply(Sigmoid{}, x); }
Tensor log_sigmoid(Arg x) { return apply(LogSigmoid{}, x); }
Tensor relu(Arg x) {
  ReluPlan& plan = relu_plan();
  if (!plan.pooled || x.is_number() || plan.input != x.tensor().impl()) return apply(Relu{}, x);
  Tensor y = apply(ReluOfPool{}, x);
  plan = {.left = y.impl()};
  return y;
}
Tensor leaky_relu(Arg x, double negative_slope) {
  check_finite("leaky_relu", "negative_slope", negative_slope, x);
  return apply(LeakyRelu{negative_slope}, x);
}
Tensor elu(Arg x, double alpha) {
  check_finite("elu", "alpha", alpha, x);
  return apply(Elu{alpha}, x);
}
Tensor gelu(Arg x, Gelu form) { return apply(GeluOp{form}, x); }
Tensor silu(Arg x) { return apply(Silu{}, x); }
Tensor mish(Arg x) {
  check_floating("mish", x);
  return apply(Mish{}, x);
}

Tensor softplus(Arg x, double beta, double threshold) {
  if (beta == 0 || !std::isfinite(beta))
    refuse_number("softplus", "beta", beta, "a finite number other than 0: the result is divided by beta", x);
  if (std::isnan(threshold))
    refuse_number("softplus", "threshold", threshold, "a number; infinity for no threshold", x);
  return apply(Softplus{beta, threshold}, x);
}

}  // namespace gradus

// Recipes of operations element by element.
#include <cmath>
#include <numbers>

#include <gradus/ops.hpp>

#include "io/onnx/step.hpp"

namespace gradus::io::onnx {
namespace {

void choose(Step& s) {
  constexpr int all[] = {0, 1, 2};
  if (s.graph().full(s.input(1)) == s.graph().full(s.input(2))) return s.give(s.in(1));  // as of embedding's padding
  s.give(s.node("Where", s.broadcast(all)));
}

void add_scalar(Step& s) { s.give(s.node("Add", s.in(0), s.number("k"))); }
void mul_scalar(Step& s) { s.give(s.node("Mul", s.in(0), s.number("k"))); }
void pow_scalar(Step& s) { s.give(s.node("Pow", s.in(0), s.number("k"))); }
void square(Step& s) { s.give(s.node("Mul", {s.in(0), s.in(0)})); }
void rsqrt(Step& s) { s.give(s.node("Reciprocal", {s.node("Sqrt", {s.in(0)})})); }
void expm1(Step& s) { s.give(s.node("Sub", s.node("Exp", {s.in(0)}), 1)); }
void log1p(Step& s) { s.give(s.node("Log", {s.node("Add", s.in(0), 1)})); }
void same(Step& s) { s.give(s.in(0)); }

void log2(Step& s) { s.give(s.node("Mul", s.node("Log", {s.in(0)}), 1 / std::numbers::ln2)); }

// ONNX's Mod of real numbers has the sign of a, as C's fmod.
void remainder(Step& s) {
  const std::string a = s.in(0), b = s.in(1), rest = s.node("Mod", {a, b}, {{"fmod", std::int64_t{1}}});
  const std::string other_sign = s.node("Less", s.node("Mul", {rest, b}), 0);
  s.give(s.node("Where", {other_sign, s.node("Add", {rest, b}), rest}));
}

void clamp(Step& s) {
  const double low = s.number("low"), high = s.number("high");
  std::vector<std::string> inputs{s.in(0), std::isinf(low) ? "" : s.graph().number(low)};
  if (!std::isinf(high)) inputs.push_back(s.graph().number(high));
  s.give(s.node("Clip", inputs));
}

// ---- activations ----

void log_sigmoid(Step& s) { s.give(s.node("Neg", {s.node("Softplus", {s.node("Neg", {s.in(0)})})})); }
void leaky_relu(Step& s) { s.give(s.node("LeakyRelu", {s.in(0)}, {{"alpha", s.number("slope")}})); }
void elu(Step& s) { s.give(s.node("Elu", {s.in(0)}, {{"alpha", s.number("alpha")}})); }
void silu(Step& s) { s.give(s.node("Mul", {s.in(0), s.node("Sigmoid", {s.in(0)})})); }
void mish(Step& s) { s.give(s.node("Mul", {s.in(0), s.node("Tanh", {s.node("Softplus", {s.in(0)})})})); }

// Opset 17 has no Gelu: x (1 + erf(x / sqrt(2))) / 2, or x sigmoid(2 sqrt(2/π) (x + 0.044715 x³)).
void gelu(Step& s) {
  const std::string x = s.in(0);
  if (s.integer("form") == static_cast<std::int64_t>(Gelu::exact)) {
    const std::string erf = s.node("Erf", {s.node("Mul", x, 1 / std::numbers::sqrt2)});
    s.give(s.node("Mul", {s.node("Mul", x, 0.5), s.node("Add", erf, 1)}));
    return;
  }
  const double k = 2 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
  const std::string cubic = s.node("Add", s.node("Mul", s.node("Mul", {x, x}), 0.044715), 1);
  const std::string u = s.node("Mul", s.node("Mul", {x, cubic}), k);
  s.give(s.node("Mul", {x, s.node("Sigmoid", {u})}));
}

// log(1 + e^(beta x)) / beta; beyond the threshold x itself, which only a low one makes another number.
void softplus(Step& s) {
  const double beta = s.number("beta"), threshold = s.number("threshold");
  const std::string x = s.in(0), z = beta == 1 ? x : s.node("Mul", x, beta);
  std::string y = s.node("Softplus", {z});
  if (beta != 1) y = s.node("Mul", y, 1 / beta);
  if (threshold < 15) y = s.node("Where", {s.node("Greater", z, threshold), x, y});
  s.give(y);
}

constexpr Recipe recipes[] = {
    {"add", nullptr, "Add"},
    {"sub", nullptr, "Sub"},
    {"mul", nullptr, "Mul"},
    {"div", nullptr, "Div"},
    {"pow", nullptr, "Pow"},
    {"maximum", nullptr, "Max"},
    {"minimum", nullptr, "Min"},
    {"where", choose},
    {"add_scalar", add_scalar},
    {"mul_scalar", mul_scalar},
    {"pow_scalar", pow_scalar},
    {"neg", nullptr, "Neg"},
    {"abs", nullptr, "Abs"},
    {"sign", nullptr, "Sign"},
    {"square", square},
    {"sqrt", nullptr, "Sqrt"},
    {"rsqrt", rsqrt},
    {"reciprocal", nullptr, "Reciprocal"},
    {"exp", nullptr, "Exp"},
    {"expm1", expm1},
    {"log", nullptr, "Log"},
    {"log1p", log1p},
    {"sin", nullptr, "Sin"},
    {"cos", nullptr, "Cos"},
    {"tan", nullptr, "Tan"},
    {"erf", nullptr, "Erf"},
    {"floor", nullptr, "Floor"},
    {"ceil", nullptr, "Ceil"},
    {"round", nullptr, "Round"},
    {"remainder", remainder},
    {"log2", log2},
    {"asin", nullptr, "Asin"},
    {"acos", nullptr, "Acos"},
    {"atan", nullptr, "Atan"},
    {"sinh", nullptr, "Sinh"},
    {"cosh", nullptr, "Cosh"},
    {"clamp", clamp},
    {"to", same},  // between f32 and f64, which are one type in the file
    {"tanh", nullptr, "Tanh"},
    {"sigmoid", nullptr, "Sigmoid"},
    {"log_sigmoid", log_sigmoid},
    {"relu", nullptr, "Relu"},
    {"leaky_relu", leaky_relu},
    {"elu", elu},
    {"gelu", gelu},
    {"silu", silu},
    {"softplus", softplus},
    {"mish", mish},
    {"dropout", same},
};

}  // namespace

Recipes elementwise_recipes() { return recipes; }

}  // namespace gradus::io::onnx

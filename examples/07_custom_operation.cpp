// An operation of your own: one struct, one function, and a check that its derivative is right, to second order.
#include <gradus/gradus.hpp>

#include <cstdio>

using namespace gradus;

struct Gate {  // y = a tanh(k b)
  double k = 1;
  static constexpr auto name = "gate", rule = "da = g tanh(kb)   db = g a k (1 - tanh²(kb))";
  static constexpr Saves saves{in1, in0 | in1};  // entry i: what the gradient of input i reads
  void fields(auto& v) const { v("k", k); }

  Tensor forward(Fwd&, Ins in) const { return in[0] * tanh(in[1] * k); }
  void vjp(Vjp& v) const {  // written in public operations, so it can be differentiated again
    Tensor t = tanh(v.in(1) * k);
    if (v.wants(0)) v.give(0, v.g * t);
    if (v.wants(1)) v.give(1, v.g * v.in(0) * k * (1 - t * t));
  }
};
Tensor gate(Arg a, Arg b, double k) { return apply(Gate{.k = k}, a, b); }

struct Wrong : Gate {  // the same, with a sign lost
  static constexpr auto name = "wrong_gate";
  void vjp(Vjp& v) const {
    Tensor t = tanh(v.in(1) * k);
    if (v.wants(0)) v.give(0, v.g * t);
    if (v.wants(1)) v.give(1, v.g * v.in(0) * k * (1 + t * t));
  }
};

struct Polar {  // two outputs: r = sqrt(x² + y²) and the angle φ = atan2(y, x), packed in one vector
  static constexpr auto name = "polar", inputs = "x y", rule = "dx = g0 x / r - g1 y / r²   dy = g0 y / r + g1 x / r²";
  static constexpr Saves saves{in0 | in1};
  void fields(auto&) const {}

  Tensor forward(Fwd&, Ins in) const { return pack({sqrt(square(in[0]) + square(in[1])), atan2(in[1], in[0])}); }
  void vjp(Vjp& v) const {
    const Tensor &x = v.in(0), &y = v.in(1);
    auto [g0, g1] = unpack(v.g, {x.shape(), x.shape()});
    Tensor r2 = square(x) + square(y), r = sqrt(r2);
    if (v.wants(0)) v.give(0, g0 * x / r - g1 * y / r2);
    if (v.wants(1)) v.give(1, g0 * y / r + g1 * x / r2);
  }
};
auto polar(const Tensor& x, const Tensor& y, Loc where = Loc::current()) {
  const At at(where);  // errors and traces show the line of the call
  return unpack(apply(Polar{}, x, y), {x.shape(), x.shape()});
}

int main() {
  manual_seed(1);
  const Tensor a = randn({3, 4}), b = randn({3, 4});

  auto right = gradcheck([](Tensor x, Tensor y) { return gate(x, y, 2); }, {a, b}, {.order = 2});
  std::printf("gate: %s\n", right ? "its derivatives are right, to second order" : "wrong");

  auto both = gradcheck(
      [](Tensor x, Tensor y) {
        auto [r, angle] = polar(x, y);
        return r * angle;
      },
      {a, b}, {.order = 2});
  std::printf("polar: %s\n", both ? "both outputs are right, to second order" : "wrong");

  auto wrong = gradcheck([](Tensor x, Tensor y) { return exp(apply(Wrong{}, x, y)); }, {a, b});
  std::printf("wrong gate: %s; the rule at fault: %.10s\n", wrong ? "not noticed" : "noticed", wrong.blame.c_str());
}

// Prints:
//   gate: its derivatives are right, to second order
//   polar: both outputs are right, to second order
//   wrong gate: noticed; the rule at fault: wrong_gate

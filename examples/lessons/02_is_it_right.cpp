// Lesson 2: is my gradient right? Differences have a V-curve, and kinks are not errors. See 02_is_it_right.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

// sin'(1) by a central difference, beside cos(1).
double error(double h) { return std::abs((std::sin(1 + h) - std::sin(1 - h)) / (2 * h) - std::cos(1)); }

// Swish with a mistake in its rule: the second term is missing.
struct WrongSwish {
  static constexpr auto name = "wrong_swish", rule = "dx = g sigmoid(x)      (and something is missing)";
  static constexpr Saves saves{in0};
  void fields(auto&) const {}
  Tensor forward(Fwd&, Ins in) const { return in[0] * sigmoid(in[0]); }
  void vjp(Vjp& v) const { v.give(0, v.g * sigmoid(v.in(0))); }
};
Tensor wrong_swish(Arg x) { return apply(WrongSwish{}, x); }

}  // namespace

int main() {
  Lesson lesson("Lesson 2: is my gradient right?");
  // Rounding spoils small steps, curvature large ones: |sin'''(1)| h²/6 on one side, about 1e-16/h on the other.
  lesson.check("central difference of sin at 1, h = 1e-1: cos(1) h²/6", std::cos(1) / 600, error(1e-1), 1e-2);
  lesson.check("h = 1e-3: a hundred times less per factor of ten", 9.0e-8, error(1e-3), 0.01);
  lesson.check("h = 1e-5: the bottom of the V", 1.1e-11, error(1e-5), 0.05);
  lesson.check("h = 1e-12: rounding, worse again", 1.2e-5, error(1e-12), 0.05);
  double best = 1, at = 0;
  for (double e = -12; e <= -1; e += 0.25)
    if (const double off = error(std::pow(10, e)); off < best) best = off, at = std::pow(10, e);
  lesson.check_true("the best h is near the cube root of 2.2e-16 = 6e-6", at > 6e-7 && at < 6e-5);
  lesson.check("a forward difference at 1e-5: sin(1) h/2", std::sin(1) * 1e-5 / 2,
               std::abs((std::sin(1 + 1e-5) - std::sin(1)) / 1e-5 - std::cos(1)), 1e-2);

  // gradcheck does this for every element, in f64, and tells errors from kinks.
  const Tensor x = tensor({0.5, -1.25, 2}, f64);
  const auto check = [&](const auto& f, const Tensor& at_x) { return gradcheck(f, {at_x}); };
  lesson.check_true("swish passes", check([](const Tensor& t) { return t * sigmoid(t); }, x).ok);
  const GradcheckResult wrong = check([](const Tensor& t) { return exp(wrong_swish(sin(t))); }, x);
  lesson.check_true("swish with a wrong rule does not", !wrong.ok);
  lesson.check_true("and the operation is named", wrong.blame.find("wrong_swish") != std::string::npos);
  const GradcheckResult kink = check([](const Tensor& t) { return relu(t); }, tensor({0, 1}, f64));
  lesson.check_true("ReLU at 0 is a kink, not an error", kink.ok && kink.inputs[0].verdict == Verdict::kink);
  return lesson.end();
}

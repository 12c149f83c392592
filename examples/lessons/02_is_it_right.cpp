// Lesson 2: is my gradient right? Differences have a V-curve, and kinks are not errors. See 02_is_it_right.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

// sin'(1) by a central difference, beside cos(1).
double error(double h) { return std::abs((std::sin(1 + h) - std::sin(1 - h)) / (2 * h) - std::cos(1)); }

// The same in numbers of type T, typical of a hundred places: the root of the mean square.
template <class T>
double typical(double h) {
  double squares = 0;
  for (int i = 0; i < 100; ++i) {
    const T x = static_cast<T>(0.5 + i * 0.01), step = static_cast<T>(h);
    const double off = (std::sin(x + step) - std::sin(x - step)) / (2 * step) - std::cos(static_cast<double>(x));
    squares += off * off / 100;
  }
  return std::sqrt(squares);
}
// The best of many h, and its error.
template <class T>
std::pair<double, double> best() {
  std::pair<double, double> b = {0, 1};
  for (double e = -12; e <= -1; e += 0.25)
    if (const double off = typical<T>(std::pow(10, e)); off < b.second) b = {std::pow(10, e), off};
  return b;
}

bool mended = false;

// Swish with a mistake in its rule: the second term is missing.
struct WrongSwish {
  static constexpr auto name = "wrong_swish", rule = "dx = g sigmoid(x)      (and something is missing)";
  static constexpr Saves saves{in0};
  void fields(auto&) const {}
  Tensor forward(Fwd&, Ins in) const { return in[0] * sigmoid(in[0]); }
  void vjp(Vjp& v) const {
    const Tensor s = sigmoid(v.in(0));
    v.give(0, v.g * s);
    if (mended) v.give(0, v.g * v.in(0) * s * (1 - s));
  }
};
Tensor wrong_swish(Arg x) { return apply(WrongSwish{}, x); }

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("2: is my gradient right?", argc, argv);
  mended = lesson.whole("mended", 0, 0, 1, "1: the wrong rule gets its missing term") == 1;
  Plot plot(-13, -1, -12, 0);
  for (double e = -13; e <= -1; e += 0.125) {
    plot.point(e, std::log10(typical<float>(std::pow(10, e))), 'o');
    plot.point(e, std::log10(typical<double>(std::pow(10, e))), '*');
  }
  plot.print("The error against h, both as powers of ten: a V. * f64, o f32.");
  // Large steps: the chord is off by |f'''| h²/6. Small steps: rounding, about 1e-16/h.
  lesson.ask("From h = 0.1 to h = 0.01 the error of the central difference falls by what factor? It is like h².",
             error(1e-1) / error(1e-2), "10 squared.", 0.02);
  lesson.check("central difference of sin at 1, h = 1e-1: cos(1) h²/6", std::cos(1) / 600, error(1e-1), 1e-2);
  lesson.check("h = 1e-3: cos(1) h²/6", std::cos(1) / 6e6, error(1e-3), 1e-2);
  lesson.check_true("h = 1e-5, near the bottom of the V: below 1e-10", error(1e-5) < 1e-10);
  lesson.check_true("h = 1e-12: over 100,000 times worse", error(1e-12) > 1e5 * error(1e-5));
  const auto [h64, error64] = best<double>();
  const auto [h32, error32] = best<float>();
  lesson.gap();
  std::printf("best h in f64: %.0e, error %.0e;   in f32: %.0e, error %.0e\n\n", h64, error64, h32, error32);
  lesson.check_true("f64: the best h is within 4 times of ∛2.2e-16 = 6e-6", h64 > 1.5e-6 && h64 < 2.4e-5);
  lesson.check_true("f32: it is within 4 times of ∛1.2e-7 = 5e-3", h32 > 1.2e-3 && h32 < 2e-2);
  lesson.check_true("f32: between four and six digits are right there", error32 > 1e-6 && error32 < 1e-4);
  const double one_sided = std::abs((std::sin(1 + 1e-5) - std::sin(1)) / 1e-5 - std::cos(1));
  lesson.check("a one-sided difference, h = 1e-5: sin(1) h/2", std::sin(1) * 1e-5 / 2, one_sided, 1e-2);
  lesson.check_true("over 100,000 times worse than the central one", one_sided > 1e5 * error(1e-5));
  // gradcheck does this for every element, in f64, and tells errors from kinks.
  const Tensor x = tensor({0.5, -1.25, 2}, f64);
  const auto check = [&](const auto& f, const Tensor& at_x) { return gradcheck(f, {at_x}); };
  lesson.check_true("swish passes gradcheck", check([](const Tensor& t) { return t * sigmoid(t); }, x).ok);
  const GradcheckResult wrong = check([](const Tensor& t) { return exp(wrong_swish(sin(t))); }, x);
  lesson.check_true("swish with a wrong rule does not", !wrong.ok);
  lesson.check_true("and the operation is named", wrong.blame.find("wrong_swish") != std::string::npos);
  const GradcheckResult kink = check([](const Tensor& t) { return relu(t); }, tensor({0, 1}, f64));
  const double h = 1e-5, middle = (relu(scalar(h, f64)) - relu(scalar(-h, f64))).item() / (2 * h);
  lesson.ask("ReLU at 0: slope 0 on the left, 1 on the right. What does the central difference say there?", middle,
             "(h - 0) / 2h.");
  lesson.check_true("ReLU at 0 is a kink, not an error", kink.ok && kink.inputs[0].verdict == Verdict::kink);
  {
    const study::Trace trace("lesson_02.jsonl", study::TraceOptions{});
    const Tensor leaf = tensor({0.5, -1.25}, f64).requires_grad_().set_name("x");
    Tape tape;
    const Tensor s = sin(leaf).set_name("s");
    const Tensor y = wrong_swish(s).set_name("y");
    const Tensor loss = sum(exp(y)).set_name("loss");
    tape.backward(loss);
  }
  return lesson.end();
}

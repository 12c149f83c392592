// Lesson 21: your own tape, in 50 lines, held against Gradus. See 21_own_tape.md.
#include <gradus/gradus.hpp>

#include <functional>

#include "lesson.hpp"

namespace own {

// One entry of the tape: a value, its gradient, and the rule that passes the gradient on.
struct Node {
  double value = 0, gradient = 0;
  std::function<void(double)> rule = {};  // called with the complete gradient of this node
};

std::vector<Node> tape;  // in the order of computation, so each input stands before its users

// A number that is on the tape: only its place.
struct Number {
  std::size_t at;
  Number(double value) : at(tape.size()) { tape.push_back({value}); }
  double value() const { return tape[at].value; }
  double gradient() const { return tape[at].gradient; }
};

Number make(double value, std::function<void(double)> rule) {
  Number n(value);
  tape[n.at].rule = std::move(rule);
  return n;
}
void give(Number to, double gradient) { tape[to.at].gradient += gradient; }  // += : contributions add up

Number operator+(Number a, Number b) {
  return make(a.value() + b.value(), [=](double g) { give(a, g), give(b, g); });
}
Number operator*(Number a, Number b) {
  return make(a.value() * b.value(), [=](double g) { give(a, g * b.value()), give(b, g * a.value()); });
}
Number tanh(Number a) {
  const double y = std::tanh(a.value());
  return make(y, [=](double g) { give(a, g * (1 - y * y)); });
}

// From the last to the first: when a node's turn comes, all who used it have given.
void backward(Number loss) {
  for (Node& n : tape) n.gradient = 0;
  tape[loss.at].gradient = 1;
  for (std::size_t i = loss.at + 1; i-- > 0;)
    if (tape[i].rule) tape[i].rule(tape[i].gradient);
}

}  // namespace own

using namespace gradus;

int main(int argc, char** argv) {
  Lesson lesson("21: your own tape", argc, argv);
  {  // lesson 1's formula
    const double at_a = lesson.input("a", 2, -10, 10, "of e = (a + b)(b + 1)");
    const double at_b = lesson.input("b", 1, -10, 10, "of e = (a + b)(b + 1)");
    own::Number a = at_a, b = at_b;
    own::backward((a + b) * (b + 1.0));
    lesson.ask(
        words("e = (a + b)(b + 1) at a = %g, b = %g. Your tape says de/db = (b + 1) + (a + b). How much?", at_a, at_b),
        b.gradient(), words("%g + %g.", at_b + 1, at_a + at_b));
    lesson.check("de/da", at_b + 1, a.gradient());
    lesson.check("de/db", at_b + 1 + at_a + at_b, b.gradient());
  }
  {  // the diamond of lesson 1: the order of the tape makes it right
    own::tape.clear();
    own::Number a = 1;
    const own::Number b = a + a, c = b + b;
    own::backward(c);
    lesson.check("diamond c = 4a", 4, a.gradient());
  }
  // A network, 3 inputs, 4 hidden, 1 output, on both tapes: all 21 gradients.
  manual_seed(21);
  const Tensor x = randn({3}, f64), W1 = randn({4, 3}, f64).requires_grad_(), b1 = randn({4}, f64).requires_grad_();
  const Tensor w2 = randn({4}, f64).requires_grad_(), b2 = scalar(0.1, f64).requires_grad_();
  own::tape.clear();
  std::vector<own::Number> mine;
  for (const Tensor& t : {W1, b1, w2, b2})
    for (const double v : t.to_vector()) mine.emplace_back(v);
  own::Number out = mine[20];
  for (std::size_t j = 0; j < 4; ++j) {
    own::Number s = mine[12 + j];
    for (std::size_t i = 0; i < 3; ++i) s = s + mine[3 * j + i] * own::Number(x.at({static_cast<int>(i)}));
    out = out + mine[16 + j] * own::tanh(s);
  }
  own::backward(out * out);
  const study::Trace trace("lesson_21.jsonl", study::TraceOptions{});
  Tape tape;
  tape.backward(square(sum(w2 * tanh(matmul(W1, x) + b1)) + b2));
  double apart = 0;
  std::size_t at = 0;
  for (const Tensor& t : {W1, b1, w2, b2})
    for (const double g : t.grad().to_vector()) apart = std::max(apart, std::abs(g - mine[at++].gradient()));
  lesson.check("21 gradients of a network, yours and those of Gradus: difference", 0, apart, 1e-12);
  lesson.gap();
  std::printf("entries: %zu on your tape, a number each; %d on that of Gradus, a tensor each\n\n", own::tape.size(),
              tape.size());
  lesson.choose("What would go wrong if `give` had = in place of += ?",
                {"nothing", "a value used twice would keep only one contribution", "the order would be wrong"}, 1,
                "think of b in (a + b)(b + 1).");
  return lesson.end();
}

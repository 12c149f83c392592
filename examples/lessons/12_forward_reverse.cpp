// Lesson 12: forward against reverse, and what memory costs. See 12_forward_reverse.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

// Forward mode: every number carries its derivative with it. Each operation is counted.
struct Dual {
  double value, slope = 0;
};
int counted = 0;
Dual operator+(Dual a, Dual b) { return ++counted, Dual{a.value + b.value, a.slope + b.slope}; }
Dual operator*(Dual a, Dual b) { return ++counted, Dual{a.value * b.value, a.slope * b.value + a.value * b.slope}; }
Dual sin_of(Dual a) { return ++counted, Dual{std::sin(a.value), std::cos(a.value) * a.slope}; }

constexpr int n = 20;

// One number from twenty: x0 sin x1 + x1 sin x2 + … + x19 sin x0.
Dual forward(const std::vector<Dual>& x) {
  Dual sum{0};
  for (std::size_t i = 0; i < n; ++i) sum = sum + x[i] * sin_of(x[(i + 1) % n]);
  return sum;
}
Tensor one_link(const Tensor& x, const Tensor& w) { return tanh(matmul(x, w)); }

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("12: forward against reverse", argc, argv);
  // Forward mode gives the derivative along one input a pass: twenty passes for the gradient.
  std::vector<double> slopes(n);
  for (std::size_t k = 0; k < n; ++k) {
    std::vector<Dual> x(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = {0.1 * static_cast<double>(i), i == k ? 1.0 : 0.0};
    slopes[k] = forward(x).slope;
  }
  const int forward_cost = counted, one_pass = forward_cost / n;
  lesson.ask("One pass of forward mode took " + std::to_string(one_pass) + " operations. How many for all 20 slopes?",
             forward_cost, "one pass for each input.");
  // Reverse mode gives all twenty from one walk back: each operation is visited once.
  const Tensor x = (0.1 * arange(0, n, 1, f64)).requires_grad_();
  int visits = 0;
  {
    Tape tape;
    Tensor total = scalar(0, f64);
    for (int i = 0; i < n; ++i) total = total + x[i] * sin(x[(i + 1) % n]);
    BackwardPass pass(tape, total);
    while (pass.step()) ++visits;
  }
  double apart = 0;
  for (int i = 0; i < n; ++i) apart = std::max(apart, std::abs(x.grad().at({i}) - slopes[static_cast<std::size_t>(i)]));
  lesson.check("both give the same twenty slopes: largest difference", 0, apart, 1e-12);
  lesson.gap();
  std::printf("operations: %d in forward mode, %d visits in reverse\n\n", forward_cost, visits);
  lesson.check_true("reverse mode visits less than an eighth of that", visits * 8 < forward_cost);

  {  // for the stepper: the same with three numbers
    const study::Trace trace("lesson_12.jsonl", study::TraceOptions{});
    const Tensor a = scalar(0.1, f64).requires_grad_().set_name("a"),
                 b = scalar(0.2, f64).requires_grad_().set_name("b");
    const Tensor c = scalar(0.3, f64).requires_grad_().set_name("c");
    Tape tape;
    tape.backward(a * sin(b) + b * sin(c) + c * sin(a));
  }

  // A function with one input and many outputs: now a column of the Jacobian is the whole of it. Forward wins.
  const Tensor t = scalar(0.7, f64);
  const int outputs = lesson.whole("outputs", 50, 1, 500, "of the function with one input");
  const Tensor J = jacobian([&] { return sin(t * arange(1, outputs + 1, 1, f64)); }, t);
  lesson.ask(words("sin(t), sin(2t) … sin(%dt): one input, %d outputs. How many reverse walks does the Jacobian need?",
                   outputs, outputs),
             static_cast<double>(J.numel()), "one walk for each output; forward mode would need one pass in all.");

  // Memory: reverse mode keeps every value until the walk. With checkpoints it keeps few and computes the rest again.
  constexpr int layers = 64, stretch = 8;
  manual_seed(12);
  std::vector<Tensor> w;
  for (int i = 0; i < layers; ++i) w.push_back(nn::init::xavier_normal_(zeros({8, 8}, f64)).requires_grad_());
  const Tensor in = randn({4, 8}, f64);
  int longest = 0;
  Tensor whole;
  {
    Tape tape;
    Tensor h = in;
    for (const Tensor& weight : w) h = one_link(h, weight);
    whole = tape.gradient(sum(h), {w[0]})[0];
    longest = tape.size();
  }
  std::vector<Tensor> kept = {in};  // the input of each stretch of 8 layers
  for (int i = 0; i < layers; ++i) {
    if (i % stretch == 0 && i > 0) kept.push_back(kept.back());
    kept.back() = one_link(kept.back(), w[static_cast<std::size_t>(i)]);
  }
  kept.insert(kept.begin(), in);
  Tensor g = ones({4, 8}, f64), first;
  int shortest = 0;
  for (int s = layers / stretch - 1; s >= 0; --s) {  // the last stretch first, each computed once more
    const Tensor start = kept[static_cast<std::size_t>(s)].clone();
    Tape tape;
    tape.watch(start);
    Tensor h = start;
    for (int i = 0; i < stretch; ++i) h = one_link(h, w[static_cast<std::size_t>(s * stretch + i)]);
    const Tensor& lowest = w[static_cast<std::size_t>(s * stretch)];
    const std::vector<Tensor> d = tape.gradient(h, {start, lowest}, {.cotangent = g});
    g = d[0], first = d[1], shortest = std::max(shortest, tape.size());
  }
  std::printf("longest tape: %d entries for the whole, %d with checkpoints\n\n", longest, shortest);
  lesson.check("with checkpoints: the same gradient of the first layer", 0, max(abs(first - whole)).item(), 1e-12);
  lesson.check_true("and tapes less than a sixth as long", shortest * 6 < longest);
  return lesson.end();
}

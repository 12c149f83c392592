// Lesson 0b: a line through points. Two weights, five examples. See 00b_line.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

const std::vector<double> xs = {0, 1, 2, 3, 4}, ys = {1.2, 2.9, 5.1, 6.8, 9.0};

// The best line by the textbook: slope = Σ(x - x̄)(y - ȳ) / Σ(x - x̄)², and it goes through the mean point.
struct Line {
  double slope, start;
};
Line textbook() {
  double mx = 0, my = 0, above = 0, below = 0;
  for (std::size_t i = 0; i < 5; ++i) mx += xs[i] / 5, my += ys[i] / 5;
  for (std::size_t i = 0; i < 5; ++i) above += (xs[i] - mx) * (ys[i] - my), below += (xs[i] - mx) * (xs[i] - mx);
  return {above / below, my - above / below * mx};
}

// The mean of the squared errors of the line w x + b.
Tensor loss_of(const Tensor& w, const Tensor& b, const Tensor& x, const Tensor& y) {
  return mean(square(w * x + b - y));
}

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("0b: a line through points", argc, argv);
  const Tensor x = from_data(std::span(xs), {5}), y = from_data(std::span(ys), {5});
  Tensor w = scalar(0, f64).requires_grad_(), b = scalar(0, f64).requires_grad_();

  // The slopes at w = 0, b = 0, on paper: the error of an example is then -y.
  double by_w = 0, by_b = 0;
  for (std::size_t i = 0; i < 5; ++i) by_w += 2 * -ys[i] * xs[i] / 5, by_b += 2 * -ys[i] / 5;
  lesson.ask("The y are 1.2, 2.9, 5.1, 6.8, 9.0 (sum 25). At w = b = 0, what is dL/db = mean of 2 (w x + b - y)?", by_b,
             "with w = b = 0 it is the mean of -2y: -2 · 25 / 5.");

  const double rate = lesson.input("rate", 0.05, 0, 0.3, "how far a step goes");
  int steps = 0;
  for (; steps < 1000; ++steps) {
    w.zero_grad();
    b.zero_grad();
    Tape tape;
    const Tensor loss = loss_of(w, b, x, y);
    tape.backward(loss);
    if (steps == 0) {
      lesson.check("dL/dw at w = b = 0: mean of 2 · error · x", by_w, w.grad().item());
      lesson.check("dL/db: mean of 2 · error", by_b, b.grad().item());
      lesson.gap();
    }
    if (steps == 0 || steps == 1 || steps == 10 || steps == 999)
      std::printf("step %4d: w = %.4f   b = %.4f   loss = %.5f\n", steps, w.item(), b.item(), loss.item());
    w.add_(w.grad(), -rate);
    b.add_(b.grad(), -rate);
  }
  std::printf("\n");
  const Line best = textbook();
  Plot plot(-0.5, 4.5, 0, 10, 51, 13);
  plot.curve([&](double at) { return w.item() * at + b.item(); }, '.');
  for (std::size_t i = 0; i < 5; ++i) plot.point(xs[i], ys[i], 'O');
  plot.print("The five points (O) and the line after 1,000 steps (.).");
  lesson.check("the line's w, by the textbook formula and by descent", best.slope, w.item(), 1e-6);
  lesson.check("its b", best.start, b.item(), 1e-6);
  w.zero_grad();
  b.zero_grad();
  {  // at the best line, for the stepper too
    const study::Trace trace("lesson_00b.jsonl", study::TraceOptions{});
    w.set_name("w");
    b.set_name("b");
    Tape tape;
    const Tensor line = (w * x + b).set_name("line");
    tape.backward(mean(square(line - y)).set_name("loss"));
  }
  lesson.check("at the best line the slope along w is 0", 0, w.grad().item(), 1e-6);
  lesson.check("and along b: the errors sum to 0", 0, b.grad().item(), 1e-6);
  lesson.ask("The line is now y = w x + b with w and b as above. What does it say for x = 5?", w.item() * 5 + b.item(),
             "multiply the w of step 999 by 5 and add its b.");
  return lesson.end();
}

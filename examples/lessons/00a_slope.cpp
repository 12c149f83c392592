// Lesson 0a: a slope by hand. One weight, one example. See 00a_slope.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

constexpr double x = 2, y = 6;  // one example: for the input 2 the answer should be 6

// The loss of the model "output = w x": how far off it is, squared. It is 0 for w = 3.
double loss_at(double w) { return (w * x - y) * (w * x - y); }

// By the rule for squares and the rule for products, on paper: d/dw (w x - y)² = 2 (w x - y) x.
double slope_on_paper(double w) { return 2 * (w * x - y) * x; }

double slope_by_gradus(double number) {
  Tensor w = scalar(number, f64).requires_grad_();  // a number whose slope we want
  Tape tape;                                        // from here on Gradus writes down each operation …
  Tensor loss = square(w * x - y);
  tape.backward(loss);  // … and here it goes back through them, from the last to the first
  return w.grad().item();
}

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("0a: a slope by hand", argc, argv);

  const double start = lesson.input("w", 1, 0, 5, "the weight at which we begin");
  const double rate = lesson.input("rate", 0.05, 0, 0.5, "how far a step goes");

  Plot plot(0, 5, 0, 30);
  plot.curve(loss_at, '*');
  plot.curve([&](double w) { return loss_at(start) + slope_on_paper(start) * (w - start); }, '.');
  plot.point(start, loss_at(start), 'O');
  plot.print(
      words("The loss (*) for each w, and its slope (.) at w = %g. The best w is at the bottom, at 3.", start).c_str());

  lesson.ask(words("At w = %g the loss is (%g·2 - 6)². What is its slope there? Use 2 (w x - y) x.", start, start),
             slope_on_paper(start), words("w x - y is %g - 6 = %g, and x is 2.", start * x, start * x - y));
  const double h = 0.001;
  lesson.check(words("the slope at w = %g: on paper, and by Gradus", start), slope_on_paper(start),
               slope_by_gradus(start));
  lesson.check(words("by two points near %g: (loss(%g) - loss(%g)) / 0.002", start, start + h, start - h),
               slope_on_paper(start), (loss_at(start + h) - loss_at(start - h)) / (2 * h), 1e-6);
  lesson.check("the slope at w = 3, the bottom", 0, slope_by_gradus(3));
  lesson.check_true("right of the bottom the slope is positive", slope_by_gradus(4) > 0);

  lesson.ask(words("One step: w = %g - %g · slope. Where does it lead?", start, rate),
             start - rate * slope_by_gradus(start),
             start < 3 ? "minus times minus is plus: the step goes to the right, towards 3."
                       : "the slope is positive: the step goes to the left, towards 3.");
  double w = start;
  for (int step = 1; step <= 4; ++step) {
    const double slope = slope_by_gradus(w);
    std::printf("step %d: w = %.4f   loss = %8.5f   slope = %9.5f\n", step, w, loss_at(w), slope);
    w -= rate * slope;
  }
  std::printf("\n");
  // w - 3 becomes (w - 3)(1 - 2 · 0.05 · 2²), which is 0.6 (w - 3).
  const double left = 1 - 2 * rate * x * x;
  lesson.check(words("each step leaves %g of the distance to 3; four steps", left), 3 + (start - 3) * std::pow(left, 4),
               w);

  {  // the same once more, for the stepper: a trace of one pass, with names
    const study::Trace trace("lesson_00a.jsonl", study::TraceOptions{});
    const Tensor weight = scalar(start, f64).requires_grad_().set_name("w");
    Tape tape;
    const Tensor output = (weight * x).set_name("output");
    const Tensor error = (output - y).set_name("error");
    const Tensor loss = square(error).set_name("loss");
    tape.backward(loss);
  }
  return lesson.end();
}

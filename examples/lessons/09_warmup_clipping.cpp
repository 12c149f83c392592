// Lesson 9: schedules, warm-up and clipping keep steps safe. See 09_warmup_clipping.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

struct Run {
  std::vector<double> x{2};
  int left = -1;  // the first step beyond a million
};

// Descent on x⁴/4 from 2, where the gradient is x³: steep far out, flat near the end.
Run go(double rate, int steps, int warmup = 0, double clip = 0) {
  Tensor x = scalar(2, f64).requires_grad_().set_name("x");
  optim::SGD opt({x}, {.lr = rate});
  // Begins at a tenth of the rate, and adds a tenth a step.
  const optim::LinearLR ramp{.start_factor = 0.1, .total_iters = 9};
  optim::Scheduler schedule(
      opt, warmup > 0 ? optim::Schedule(ramp) : optim::Schedule([](std::int64_t, double base) { return base; }));
  Run run;
  for (int k = 1; k <= steps; ++k) {
    opt.zero_grad();
    {
      Tape tape;
      tape.backward(square(square(x)) / 4);
    }
    if (clip > 0) optim::clip_grad_norm(opt, clip);
    opt.step();
    schedule.step();
    run.x.push_back(x.item());
    if (std::abs(x.item()) > 1e6) {
      run.left = k;
      break;
    }
  }
  return run;
}

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("9: schedules, warm-up and clipping", argc, argv);
  // A step from x lands at x (1 - αx²): it diverges where αx₀² > 2, which is α > 1/2 here.
  const double rate = lesson.input("rate", 1, 0, 2, "α, how far a step goes");
  lesson.ask(words("f = x⁴/4 has the slope x³. From x = 2, one step with α = %g: where does it land?", rate),
             go(rate, 1).x[1], words("2 - %g · 8.", rate));
  lesson.check_true("α = .49 converges", std::abs(go(0.49, 3000).x.back()) < 0.05);
  const Run cycle = go(0.5, 101);
  lesson.check("α = .50: a cycle, -2 after one step", -2, cycle.x[1]);
  lesson.check("and after 101", -2, cycle.x[101]);
  lesson.check("α = .51 passes a million at step", 6, go(0.51, 100).left);
  lesson.check("α = 1 passes it at step", 3, go(1, 100).left);

  const Run warm = go(1, 200, 10);
  lesson.check("α = 1 with a warm-up over 10 steps: |x| after 200", 0.0501, std::abs(warm.x.back()), 2e-2);
  const Run clipped = go(1, 2, 0, 1);
  lesson.check("α = 1 with gradients clipped to 1: 2 -> 1", 1, clipped.x[1], 1e-5);
  lesson.check("-> 0", 0, clipped.x[2], 1e-5);

  lesson.ask("The gradient (3, 4) has the length 5. It is clipped to length 1. What is its first component?", 3.0 / 5,
             "divide both by 5.");
  // Clipping keeps the direction: (3, 4) to length 1.
  Tensor p = zeros({2}, f64).requires_grad_();
  p.set_grad(tensor({3, 4}, f64));
  lesson.check("the norm of (3, 4), as clip_grad_norm returns it", 5, optim::clip_grad_norm({p}, 1));
  lesson.check("clipped to 1: .6 …", 0.6, p.grad().at({0}), 1e-6);
  lesson.check("… and .8", 0.8, p.grad().at({1}), 1e-6);

  // Two schedules at known places.
  const optim::CosineAnnealingLR cosine{.T_max = 100};
  lesson.check("cosine, half-way: half the rate", 0.5, cosine(50, 1));
  lesson.check("cosine, at the end: nothing", 0, cosine(100, 1), 1e-15);
  // (d steps)^-½ at the top of the transformer's schedule, where warm-up meets decay.
  const auto transformer = [](double step) {
    return std::pow(512, -0.5) * std::min(std::pow(step, -0.5), step * std::pow(4000, -1.5));
  };
  double top = 0, at = 0;
  for (int k = 1; k <= 20'000; ++k)
    if (transformer(k) > top) top = transformer(k), at = k;
  lesson.check("the transformer's schedule peaks at step 4000", 4000, at);
  lesson.check("with (512 · 4000)^-½", 6.988e-4, top, 1e-3);
  {  // for the stepper: two clipped steps
    const study::Trace trace("lesson_09.jsonl", study::TraceOptions{});
    go(1, 2, 0, 1);
  }
  return lesson.end();
}

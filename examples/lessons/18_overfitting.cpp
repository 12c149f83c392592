// Lesson 18: overfitting. See 18_overfitting.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

// Points of a sine: 16 with noise to learn from, 200 without to test.
struct Points {
  Tensor x, y;
};
Points points(std::int64_t n, double noise) {
  const Tensor x = linspace(-1, 1, n, f64).unsqueeze(1);
  return {x, sin(3 * x) + randn({n, 1}, f64) * noise};
}

// A curve made of a constant and 40 waves, with 41 weights: many more than points. High waves are given small.
Tensor waves(const Tensor& x) {
  const Tensor k = arange(1, 21, 1, f64);
  return concat({ones_like(x), cos(x * k * 1.5) / sqrt(k), sin(x * k * 1.5) / sqrt(k)}, 1);
}
struct Net {
  Tensor w = zeros({41, 1}, f64).requires_grad_();
  Tensor operator()(const Tensor& x) const { return matmul(waves(x), w); }
};

double loss(const Net& net, const Points& p) { return mean(square(net(p.x) - p.y)).item(); }

struct Run {
  double train, test, best_test;
  int best_step;
  Net net;
};

Run learned(const Points& learn, const Points& test, double decay, int steps = 3000) {
  const Net net;
  optim::SGD opt({net.w}, {.lr = 0.02, .momentum = 0.9, .weight_decay = decay});
  Run run{0, 0, 1e300, 0, net};
  for (int step = 0; step < steps; ++step) {
    if (step % 10 == 0) {
      const double now = loss(net, test);
      if (now < run.best_test) run.best_test = now, run.best_step = step;
    }
    opt.zero_grad();
    Tape tape;
    tape.backward(mean(square(net(learn.x) - learn.y)));
    opt.step();
  }
  run.train = loss(net, learn), run.test = loss(net, test);
  return run;
}

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("18: overfitting", argc, argv);
  manual_seed(18);
  const int count = lesson.whole("points", 16, 4, 400, "to learn from");
  const Points learn = points(count, 0.5), test = points(200, 0);
  lesson.choose(
      words("A curve with 41 weights learns from %d points with noise, for 3,000 steps. What comes of it?", count),
      {"it meets the truth", "it meets every point, noise and all", "it cannot meet all the points"}, 1,
      "with more weights than points every point can be met exactly.");
  const Run free = learned(learn, test, 0), decayed = learned(learn, test, 0.2);
  std::printf("%-28s %10s %10s\n", "", "train", "test");
  std::printf("%-28s %10.5f %10.5f\n", "after 3,000 steps", free.train, free.test);
  std::printf("%-28s %10s %10.5f   (step %d)\n", "at its best", "", free.best_test, free.best_step);
  std::printf("%-28s %10.5f %10.5f\n\n", "with weight decay", decayed.train, decayed.test);
  Plot plot(-1, 1, -1.8, 1.8);
  const auto curve = [&](const Net& net) { return [&net](double x) { return net(tensor({{x}}, f64)).item(); }; };
  plot.curve([](double x) { return std::sin(3 * x); }, '.');
  plot.curve(curve(free.net), '*');
  for (int i = 0; i < count; ++i) plot.point(learn.x.at({i, 0}), learn.y.at({i, 0}), 'O');
  plot.print(count == 16 ? "Sixteen points (O), the truth (.), and a curve that goes through all of them (*)."
                         : "The points (O), the truth (.), and the curve that has learned (*).");
  lesson.check_true("at the points it learned from the error is below 0.001", free.train < 1e-3);
  lesson.check_true("elsewhere it is over 100 times larger", free.test > 100 * free.train);
  lesson.check_true("early it was less than half: early stopping", free.best_test < 0.5 * free.test);
  lesson.check_true("with weight decay: larger at the points", decayed.train > 10 * free.train);
  lesson.check_true("and smaller elsewhere, by a fifth or more", decayed.test < free.test * 0.8);

  // Dropout: each number is set to 0 with probability p, the others are divided by 1 - p. The mean stays.
  const Tensor ones_in = ones({100'000}, f64), dropped = dropout(ones_in, 0.25);
  lesson.ask("Dropout with p = 0.25 keeps three of four. By what does it multiply those, so that the mean stays 1?",
             max(dropped).item(), "1 / (1 - p).");
  lesson.check("dropout: the mean of 100,000 ones", 1, mean(dropped).item(), 0.01);
  lesson.check("part of them set to 0", 0.25, mean(to(eq(dropped, 0), f64)).item(), 0.02);
  lesson.check("in evaluation nothing is dropped", 0, max(abs(dropout(ones_in, 0.25, false) - ones_in)).item());
  {  // for the stepper: weight decay in one update
    const study::Trace trace("lesson_18.jsonl", study::TraceOptions{});
    const Tensor w = tensor({2, -1}, f64).requires_grad_().set_name("w");
    optim::SGD opt({w}, {.lr = 0.1, .weight_decay = 0.5});
    Tape tape;
    tape.backward(sum(w * tensor({1, 0}, f64)).set_name("loss"));
    opt.step();
  }
  return lesson.end();
}

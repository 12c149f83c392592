// Lesson 10: local minima, saddles, and methods that see curvature. See 10_landscape.md.
#include <gradus/gradus.hpp>

#include <algorithm>

#include "lesson.hpp"

using namespace gradus;
using study::Path, study::Point, study::Surface;

namespace {

study::MakeOptimizer sgd(double rate) {
  return [=](const std::vector<Tensor>& p) { return optim::AnyOptimizer(optim::SGD(p, {.lr = rate})); };
}
optim::AnyOptimizer newton(const std::vector<Tensor>& p) { return optim::AnyOptimizer(optim::Newton(p)); }

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("10: local minima, saddles, second order", argc, argv);
  {  // where one ends depends on where one begins
    const Surface s = study::surface("himmelblau");
    const Point starts[] = {{0, 0}, {-1, 1}, {-1, -1}, {1, -1}};
    const Point ends[] = {{3, 2}, {-2.805118, 3.131312}, {-3.779310, -3.283186}, {3.584428, -1.848126}};
    const double steps[] = {48, 18, 19, 46};
    for (std::size_t i = 0; i < 4; ++i) {
      const Path path = descend(s, "sgd", sgd(0.01), {.start = starts[i], .until = study::condition("f<1e-10")});
      const Point at = path.end().at;
      char claim[128];
      std::snprintf(claim, sizeof claim, "Himmelblau from (%g, %g): steps to (%.3g, %.3g)", starts[i][0], starts[i][1],
                    ends[i][0], ends[i][1]);
      lesson.check(claim, steps[i], static_cast<double>(path.steps), 1.01 / steps[i]);
      lesson.check("  distance to that minimum", 0, std::hypot(at[0] - ends[i][0], at[1] - ends[i][1]), 1e-4);
    }
  }
  const double rate = lesson.input("rate", 0.1, 0.01, 1, "how far a step goes, beside the saddle");
  const double steps_away = std::ceil(std::log(1e6) / std::log(1 + rate));
  lesson.ask(words("½(x² - y²), rate %g: each step multiplies y by %g. From 1e-6, how many steps until y > 1?", rate,
                   1 + rate),
             steps_away, "ln 10⁶ / ln 1.1, rounded up.", 0.001);
  const Surface saddle = study::surface("saddle");
  const auto leaves = study::condition("|y|>1");
  {  // ½(x² - y²): y grows by 1.1 a step, so ln 10⁶/ln 1.1 steps from a millionth, and none from nothing
    const Path path = descend(saddle, "sgd", sgd(rate), {.start = Point{1, 1e-6}, .steps = 2000, .until = leaves});
    lesson.check("saddle, y0 = 1e-6: leaves at step", steps_away, path.steps);
    const Path still = descend(saddle, "sgd", sgd(0.1), {.start = Point{1, 0}, .steps = 2000, .until = leaves});
    lesson.check("y0 = 0: never", 0, still.end().at[1]);
    lesson.check_true("it stops on the saddle", still.verdict == study::Verdict::saddle);
  }
  {  // noise in the gradient finds the way out
    std::vector<double> steps;
    for (std::uint64_t seed = 1; seed <= 200; ++seed)
      steps.push_back(static_cast<double>(
          descend(saddle, "sgd", sgd(0.1),
                  {.start = Point{1, 0}, .steps = 1000, .until = leaves, .noise = 0.01, .seed = seed})
              .steps));
    std::sort(steps.begin(), steps.end());
    lesson.check("y0 = 0, noise .01: median of 200 runs", 69, steps[100], 0.12);
  }
  {  // Newton's method: a quadratic in one step, whatever its condition
    const Tensor a = tensor({{3, 1}, {1, 2}}, f64), b = tensor({1, 1}, f64);
    const Tensor x = tensor({10, -7}, f64).requires_grad_();
    optim::Newton opt({x});
    opt.step([&] { return sum(x * matmul(a, x)) / 2 - sum(b * x); });
    lesson.check("Newton from (10, -7): x after one step", 0.2, x.at({0}), 1e-12);
    lesson.check("and y", 0.4, x.at({1}), 1e-12);
  }
  {
    const Surface s = study::surface("rosenbrock");
    const study::DescentOptions to{.steps = 20'000, .until = study::condition("f<1e-6")};
    const Path exact = descend(s, "newton", newton, {.steps = 50, .until = study::condition("f<=0")});
    lesson.check("Rosenbrock, Newton: steps to f = 0", 7, static_cast<double>(exact.steps), 1.01 / 7);
    lesson.check("plain descent, α = .001: steps to f < 1e-6", 15'068,
                 static_cast<double>(descend(s, "sgd", sgd(1e-3), to).steps), 1.01 / 15'068);
  }
  {  // but it looks for any place without slope: it jumps onto the saddle that descent would leave
    const Path path = descend(saddle, "newton", newton, {.start = Point{1, 1e-3}, .steps = 1});
    lesson.check("Newton on the saddle: y after one step", 0, path.end().at[1]);
    lesson.check_true("and there it stays", path.verdict == study::Verdict::saddle);
  }
  {  // for the stepper: one step beside the saddle
    const study::Trace trace("lesson_10.jsonl", study::TraceOptions{});
    const Tensor p = tensor({1, 0.001}, f64).requires_grad_().set_name("p");
    optim::SGD opt({p}, {.lr = 0.1});
    Tape tape;
    tape.backward(((square(p[0]) - square(p[1])) / 2).set_name("f"));
    opt.step();
  }
  return lesson.end();
}

// Lesson 3: the learning rate, too small, right, too large. See 03_learning_rate.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

// Where 100 steps on x²/2 lead from 1: each multiplies x by 1 - α.
double after_100(double rate) {
  const Tensor x = scalar(1, f64).requires_grad_();
  optim::SGD opt({x}, {.lr = rate});
  for (int i = 0; i < 100; ++i) {
    opt.zero_grad();
    Tape tape;
    tape.backward(square(x) / 2);
    opt.step();
  }
  return std::abs(x.item());
}

study::Path go(const study::Surface& s, double rate, const study::DescentOptions& how) {
  return study::descend(
      s, "sgd", [&](auto p) { return optim::AnyOptimizer(optim::SGD(p, {.lr = rate})); }, how);
}

}  // namespace

int main() {
  Lesson lesson("Lesson 3: learning rate");
  lesson.check("αλ = 1.9: 0.9^100", 2.656e-5, after_100(1.9), 1e-3);
  lesson.check("αλ = 2: oscillates for ever", 1, after_100(2.0));
  lesson.check("αλ = 2.1: 1.1^100", 13780.6, after_100(2.1), 1e-6);
  lesson.check("αλ = 1: arrives in one step", 0, after_100(1.0));

  // Two curvatures, 1 and 100: the best rate is a compromise, 2/(1 + 100), and the slower of the two sets the pace.
  const Tensor p = tensor({1, 1}, f64);
  const auto ravine = [&] { return (square(p[0]) + 100 * square(p[1])) / 2; };
  const double largest = largest_eigenvalue(ravine, {p}).value;
  lesson.check("the largest curvature, by power iteration", 100, largest);
  const double best = 2 / (largest + 1);
  const study::Path path = go(study::surface("ravine"), best,
                              {.start = study::Point{1, 0}, .steps = 2000, .until = study::condition("|x|<=1e-6")});
  lesson.check("best contraction per step, 99/101", 0.980198, path.places[500].at[0] / path.places[499].at[0], 1e-6);
  lesson.check("steps to 1e-6", 691, static_cast<double>(path.steps));

  // On a curved surface 2/λmax of the minimum decides whether descent can settle there …
  const study::Surface himmelblau = study::surface("himmelblau");
  lesson.check("Himmelblau at (3, 2): 2/λmax", 0.024306, himmelblau.minima[0].limit(), 1e-4);
  const study::DescentOptions near{.start = study::Point{3.05, 2.02}, .steps = 3000};
  lesson.check_true("α = .024 settles", go(himmelblau, 0.024, near).verdict == study::Verdict::converges);
  lesson.check_true("α = .0245 never does", go(himmelblau, 0.0245, near).verdict == study::Verdict::oscillates);
  // … but not whether low values are reached on the way.
  const study::Surface rosenbrock = study::surface("rosenbrock");
  const study::Path above = go(rosenbrock, 0.002, {.steps = 20'000, .until = study::condition("f<1e-6")});
  lesson.check_true("Rosenbrock, α = .002 > 2/λmax: reaches f<1e-6",
                    0.002 > rosenbrock.minima[0].limit() && above.reached);
  return lesson.end();
}

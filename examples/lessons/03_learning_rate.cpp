// Lesson 3: the learning rate, too small, right, too large. See 03_learning_rate.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

// The places of a descent on x²/2 from 1: each step multiplies x by 1 - α.
std::vector<double> steps(double rate, int count) {
  Tensor x = scalar(1, f64).requires_grad_().set_name("x");
  optim::SGD opt({x}, {.lr = rate});
  std::vector<double> places = {1};
  for (int i = 0; i < count; ++i) {
    opt.zero_grad();
    Tape tape;
    tape.backward((square(x) / 2).set_name("loss"));
    opt.step();
    places.push_back(x.item());
  }
  return places;
}
double after_100(double rate) { return std::abs(steps(rate, 100).back()); }

study::Path go(const study::Surface& s, double rate, const study::DescentOptions& how) {
  return study::descend(
      s, "sgd", [&](auto p) { return optim::AnyOptimizer(optim::SGD(p, {.lr = rate})); }, how);
}

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("3: the learning rate", argc, argv);
  const double chosen = lesson.input("rate", 1.9, 0, 2.5, "how far a step goes");
  lesson.ask(words("x = 1 on the bowl x²/2, whose slope at x is x. One step with rate %g: where does it land?", chosen),
             steps(chosen, 1).back(), words("x - %g · x.", chosen));
  for (const double rate : {0.1, 1.0, chosen, 2.0, 2.1}) {
    std::printf("rate %.1f:", rate);
    for (const double x : steps(rate, 6)) std::printf(" %8.4f", x);
    std::printf("\n");
  }
  std::printf("\n");
  const double part = std::abs(1 - chosen);
  lesson.check(words("αλ = %g: %g^100", chosen, part), std::pow(part, 100), after_100(chosen), 1e-9);
  lesson.check("αλ = 2: swings between 1 and -1 without end", 1, after_100(2.0));
  lesson.check("αλ = 2.1: 1.1^100", std::pow(1.1, 100), after_100(2.1), 1e-9);
  lesson.check("αλ = 1: arrives in one step", 0, after_100(1.0));

  // Two curvatures, 1 and 100: the best rate is a compromise, 2/(1 + 100), and the slower of the two sets the pace.
  const Tensor p = tensor({1, 1}, f64);
  const auto ravine = [&] { return (square(p[0]) + 100 * square(p[1])) / 2; };
  const double largest = largest_eigenvalue(ravine, {p}).value;
  lesson.check("the largest curvature, by power iteration", 100, largest);
  const double best = 2 / (largest + 1);
  const study::Path path = go(study::surface("ravine"), best,
                              {.start = study::Point{1, 0}, .steps = 2000, .until = study::condition("|x|<=1e-6")});
  const double factor = path.places[500].at[0] / path.places[499].at[0];
  lesson.ask("Curvatures 1 and 100, rate 2/101. By what is the distance along the flat direction multiplied a step?",
             factor, "1 - α λ with λ = 1: 1 - 2/101.", 1e-3);
  lesson.check("measured on the way: 99/101", 99.0 / 101, factor);
  lesson.check("steps to 1e-6", 691, static_cast<double>(path.steps));

  // On a curved surface 2/λmax of the minimum decides whether descent can settle there …
  const study::Surface himmelblau = study::surface("himmelblau");
  lesson.check("Himmelblau at (3, 2): 2/λmax", 0.024306, himmelblau.minima[0].limit(), 1e-4);
  const study::DescentOptions near{.start = study::Point{3.05, 2.02}, .steps = 3000};
  lesson.check_true("α = .024 settles", go(himmelblau, 0.024, near).verdict == study::Verdict::converges);
  lesson.check_true("α = .0245 never does", go(himmelblau, 0.0245, near).verdict != study::Verdict::converges);
  // … but not whether low values are reached on the way.
  const study::Surface rosenbrock = study::surface("rosenbrock");
  const study::Path above = go(rosenbrock, 0.002, {.steps = 20'000, .until = study::condition("f<1e-6")});
  lesson.check_true("Rosenbrock, α = .002 > 2/λmax: reaches f<1e-6",
                    0.002 > rosenbrock.minima[0].limit() && above.reached);
  {  // for the stepper: three steps that jump over the bottom
    const study::Trace trace("lesson_03.jsonl", study::TraceOptions{});
    steps(chosen, 3);
  }
  return lesson.end();
}

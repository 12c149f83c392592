// Lesson 4: momentum takes the square root of the condition number. See 04_momentum.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

double kappa = 100;

// The distance from 0 after each of so many steps on ½(x² + κ y²), from (1, 1).
std::vector<double> distances(double rate, double momentum, int steps) {
  const Tensor p = tensor({1, 1}, f64).requires_grad_().set_name("p"), curvature = tensor({1, kappa}, f64);
  optim::SGD opt({p}, {.lr = rate, .momentum = momentum});
  std::vector<double> d;
  for (int i = 0; i < steps; ++i) {
    opt.zero_grad();
    Tape tape;
    tape.backward(sum(curvature * square(p)) / 2);
    opt.step();
    d.push_back(std::sqrt(sum(square(p)).item()));
  }
  return d;
}

// The first step that comes below the bound.
int steps_to(const std::vector<double>& d, double bound) {
  int k = 1;
  for (const double v : d) {
    if (v < bound) return k;
    ++k;
  }
  return -1;
}

// The rate per step of the oscillating regime, over many steps.
double rate_of(double rate, double momentum, double curvature) {
  double x = 1, before = 1, largest_early = 0, largest_late = 0;
  for (int k = 1; k <= 220; ++k) {  // x'' = x' + β (x' - x) - α λ x'
    const double next = x + momentum * (x - before) - rate * curvature * x;
    before = x, x = next;
    if (k > 20 && k <= 60) largest_early = std::max(largest_early, std::abs(x));
    if (k > 180) largest_late = std::max(largest_late, std::abs(x));
  }
  return std::pow(largest_late / largest_early, 1.0 / 160);
}

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("4: momentum takes the square root of the condition number", argc, argv);
  kappa = lesson.input("kappa", 100, 2, 10000, "κ, the condition number: the larger curvature by the smaller");
  const double root = std::sqrt(kappa), rate = std::pow(2 / (1 + root), 2), beta = std::pow((root - 1) / (root + 1), 2);
  const double plain = 2 / (1 + kappa);
  lesson.ask(words("κ = %g. The best β is ((√κ - 1)/(√κ + 1))². How much is it?", kappa), beta,
             words("√κ is %g: (%g/%g)².", root, root - 1, root + 1));
  std::printf("best choice for κ = %g: α = %.7f, β = %.6f; without momentum α = %.6f\n\n", kappa, rate, beta, plain);
  // The distance falls like k √β^k; from step 100 to 200 the k itself doubles, which is taken out.
  const std::vector<double> way = distances(rate, beta, 200);
  lesson.check("a step multiplies the distance by √β = (√κ - 1)/(√κ + 1)", std::sqrt(beta),
               std::pow(way[199] / way[99] / 2, 0.01), 1e-3);
  Plot plot(0, 300, -7, 1);
  plot.curve([d = distances(plain, 0, 301)](double k) { return std::log10(d[static_cast<std::size_t>(k)]); }, '.');
  plot.curve([d = distances(rate, beta, 301)](double k) { return std::log10(d[static_cast<std::size_t>(k)]); }, '*');
  lesson.gap();
  plot.print("The distance as a power of ten, for 300 steps: plain descent (.) and momentum (*).");
  // Both directions contract equally, so that from (1, 1) the bound is √2 1e-6.
  lesson.check("steps to 1e-6, plain descent", 691, steps_to(distances(plain, 0, 2000), 1e-6 * std::sqrt(2)));
  lesson.check("steps to 1e-6, momentum (a double root: a factor k)", 93,
               steps_to(distances(rate, beta, 2000), 1e-6 * std::sqrt(2)), 0.011);

  // Momentum widens what is stable: αλ < 2 + 2β.
  const auto last = [](double product) { return distances(product / kappa, 0.9, 3000).back(); };
  lesson.ask("Momentum is stable for αλ < 2 + 2β. With β = 0.9, up to which αλ?", 2 + 2 * 0.9, "2 + 1.8.");
  lesson.check_true("β = .9, αλ = 3.79 converges", last(3.79) < 1e-3);
  lesson.check_true("β = .9, αλ = 3.81 diverges", !(last(3.81) < 1e3));

  // Where the roots are complex, their product is β: both have the size √β, whatever α and λ. (Not 2√β.)
  lesson.check("oscillating regime, β = .81: rate √β", 0.9, rate_of(0.1, 0.81, 1), 2e-3);
  lesson.check("the same at another curvature", 0.9, rate_of(0.1, 0.81, 5), 2e-3);

  // Forgetting zero_grad is momentum with β = 1: a swing that never stops, of period 2π/arccos(1 - α/2).
  const Tensor x = scalar(1, f64).requires_grad_();
  optim::SGD opt({x}, {.lr = 0.1});
  int crossings = 0, first = 0, final = 0;
  double before = 1;
  for (int k = 1; k <= 2000; ++k) {
    Tape tape;
    tape.backward(square(x) / 2);
    opt.step();
    if (x.item() > 0 && before <= 0) ++crossings, (first ? final : first) = k;
    before = x.item();
  }
  lesson.check("zero_grad forgotten: period of the swing", 2 * std::acos(-1) / std::acos(0.95),
               static_cast<double>(final - first) / (crossings - 1), 5e-3);
  {  // for the stepper: three steps along the valley, with the buffer that grows
    const study::Trace trace("lesson_04.jsonl", study::TraceOptions{});
    distances(rate, beta, 3);
  }
  return lesson.end();
}

// Lesson 8: adaptive methods: Adagrad, RMSprop, Adam, AdamW. See 08_adaptive.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

// Adam as it would be without bias correction.
struct RawAdam : optim::Optimizer<optim::AdamOptions> {
  using Optimizer::Optimizer;
  void init(optim::State& s, const Tensor& p, const optim::AdamOptions&) override {
    s.add("m", zeros_like(p)), s.add("v", zeros_like(p));
  }
  void update(Tensor& p, const Tensor& g, optim::State& s, const optim::AdamOptions& o) override {
    optim::average(s[0], g, o.betas[0]);
    optim::average(s[1], square(g), o.betas[1]);
    p.add_(s[0] / (sqrt(s[1]) + o.eps), -o.lr);
  }
};

// How far an optimizer moves one number when these gradients arrive, one after the other.
template <class Optimizer>
double moved(Optimizer opt, Tensor p, const std::vector<double>& gradients) {
  const double start = p.item();
  for (const double g : gradients) {
    p.set_grad(scalar(g, f64));
    opt.step();
  }
  return start - p.item();
}

Tensor number(double value) { return scalar(value, f64).requires_grad_(); }

double first_adam_step(double g) {
  const Tensor p = number(0);
  return moved(optim::Adam({p}, {.lr = 1e-3}), p, {g});
}

std::vector<double> same(double g, int count) { return std::vector<double>(static_cast<std::size_t>(count), g); }

// Gradients ±g by turns for a thousand steps, with decay .1 and rate .01: what is left of 1.
template <class Optimizer, class Options>
double decayed(double g, const Options& options) {
  std::vector<double> gradients;
  for (int i = 0; i < 1000; ++i) gradients.push_back(i % 2 ? -g : g);
  const Tensor p = number(1);
  return 1 - moved(Optimizer({p}, options), p, gradients);
}

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("8: adaptive methods", argc, argv);
  const double gradient = lesson.input("gradient", 1000, -1e6, 1e6, "the first that Adam sees");
  lesson.ask(words("Adam, rate 0.001, and the first gradient is %g. How far does it move the number?", gradient),
             first_adam_step(gradient), "the first step is the rate times the sign of the gradient.");
  for (const double g : {1e-3, 1.0, 1e3, -1e3}) {
    char claim[128];
    std::snprintf(claim, sizeof claim, "Adam's first step, gradient %g: α sign(g)", g);
    lesson.check(claim, g > 0 ? 1e-3 : -1e-3, first_adam_step(g), 2e-5);
  }
  lesson.check("a gradient of 1e-6: ε begins to show", 1e-3 / 1.01, first_adam_step(1e-6), 1e-6);

  // Without bias correction, m = .1 g and v = .001 g²: a longer first step, not a shorter one.
  const Tensor raw = number(0), r = number(0), q = number(0);
  lesson.check("without bias correction: (1 - β1)/√(1 - β2) α", 3.162e-3, moved(RawAdam({raw}, {.lr = 1e-3}), raw, {5}),
               1e-3);
  lesson.check("RMSprop's first step has none: α/√(1 - .9)", 3.162278e-3,
               moved(optim::RMSprop({r}, {.lr = 1e-3, .alpha = 0.9}), r, {5}), 1e-6);
  lesson.check("and α/√(1 - .99)", 1e-2, moved(optim::RMSprop({q}, {.lr = 1e-3, .alpha = 0.99}), q, {5}), 1e-6);

  lesson.ask("Adagrad's k-th step under equal gradients is α/√k. What is the 25th, as a part of the first?",
             1 / std::sqrt(25.0), "1/√25.");
  // Adagrad never forgets: under a constant gradient its k-th step is α/√k.
  double harmonic = 0;
  for (int k = 1; k <= 100; ++k) harmonic += 1 / std::sqrt(k);
  const Tensor a = number(0);
  lesson.check("Adagrad, 100 equal gradients: α Σ 1/√k", harmonic,
               moved(optim::Adagrad({a}, {.lr = 1}), a, same(3, 100)));
  lesson.gap();
  std::printf("Σ 1/√k for k = 1 … 100 is %.2f; plain descent would have gone 100\n\n", harmonic);

  // Weight decay beside the gradient does not ask how large the gradient is; inside it, it drowns or takes over.
  const optim::AdamWOptions beside{.lr = 0.01, .weight_decay = 0.1};
  const optim::AdamOptions inside{.lr = 0.01, .weight_decay = 0.1};
  const double strong = decayed<optim::AdamW>(10, beside), weak = decayed<optim::AdamW>(0.01, beside);
  lesson.check("AdamW, g = ±10: .1 of decay, 1,000 steps", 0.3614, strong, 1e-3);
  lesson.check("AdamW, g = ±.01: the same", strong, weak, 1e-4);
  lesson.check("that is (1 - αλ)^1000, to 2 %", std::pow(1 - 0.001, 1000), strong, 0.02);
  lesson.check("Adam with an L2 term, g = ±10: hardly any decay", 0.889, decayed<optim::Adam>(10, inside), 2e-3);
  lesson.check("Adam with an L2 term, g = ±.01: all of it", 0.00014, decayed<optim::Adam>(0.01, inside), 0.05);
  // For plain SGD the two are one and the same.
  lesson.check("SGD with an L2 term is decay: (1 - αλ)^1000", std::pow(0.999, 1000),
               decayed<optim::SGD>(0, optim::SGDOptions{.lr = 0.01, .weight_decay = 0.1}), 1e-12);
  {  // for the stepper: a large and a small gradient, and Adam's first two steps
    const study::Trace trace("lesson_08.jsonl", study::TraceOptions{});
    const Tensor p = tensor({1, 1}, f64).requires_grad_().set_name("p"), scale = tensor({1000, 0.001}, f64);
    optim::Adam opt({p}, {.lr = 0.1});
    for (int i = 0; i < 2; ++i) {
      opt.zero_grad();
      Tape tape;
      tape.backward(sum(scale * p).set_name("loss"));
      opt.step();
    }
  }
  return lesson.end();
}

// Lesson 6: squared error, cross-entropy, softmax. See 06_losses.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

// The gradient that a loss sends to one number z.
template <class Loss>
double slope(double z, const Loss& loss) {
  const Tensor x = scalar(z, f64);
  return jacobian([&] { return loss(x); }, x).item();
}

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("6: squared error, cross-entropy, softmax", argc, argv);
  const double z0 = lesson.input("z0", 2, -20, 20, "the score of the first class, the right one");
  const double z1 = lesson.input("z1", 1, -20, 20, "of the second"),
               z2 = lesson.input("z2", 0.1, -20, 20, "of the third");
  {  // the gradient of softmax and cross-entropy together is what was said minus what is true
    const Tensor z = tensor({{z0, z1, z2}}, f64), label = tensor({0}, i64);
    const Tensor g = jacobian([&] { return cross_entropy(z, label); }, z);
    const Tensor p = softmax(z, 1);
    const double all = std::exp(z0) + std::exp(z1) + std::exp(z2);  // Σ e^z
    std::cout << "scores z " << z << "\nsoftmax  " << p << "\n\n";
    const double p0 = p.at({0, 0});
    lesson.ask(words("The right class is the first, p0 = %.4f. What is dL/dz0 = p0 - 1?", p0), g.at({0, 0}),
               words("%.3f - 1.", p0));
    lesson.check("cross-entropy at z, class 0: ln Σ e^z - z0", std::log(all) - z0, cross_entropy(z, label).item());
    lesson.check("dL/dz0 = e^z0/Σ e^z - 1", std::exp(z0) / all - 1, g.at({0, 0}));
    lesson.check("dL/dz1 = e^z1/Σ e^z", std::exp(z1) / all, g.at({0, 1}));
    lesson.check("p - y, everywhere", 0, max(abs(g - p + tensor({{1, 0, 0}}, f64))).item(), 1e-14);
    lesson.check("the three sum to 0: scores only matter in comparison", 0, sum(g).item(), 1e-14);
  }
  {  // a confident mistake: sigmoid at -5 where 1 is right
    const double p = 1 / (1 + std::exp(5.0));
    const double squared = slope(-5, [](const Tensor& z) { return square(sigmoid(z) - 1) / 2; });
    const double entropy = slope(-5, [](const Tensor& z) { return -log_sigmoid(z); });
    lesson.check("squared error through a sigmoid: (p - 1) p (1 - p)", (p - 1) * p * (1 - p), squared, 1e-10);
    lesson.check("cross-entropy: p - 1", p - 1, entropy, 1e-10);
    lesson.check("squared error is weaker by 1/(p (1 - p)), about 150", 1 / (p * (1 - p)), entropy / squared);
  }
  {  // what a network that knows nothing should lose
    const Tensor z = zeros({8, 10}, f64), labels = randint(0, 10, {8});
    lesson.ask("A new network with ten classes has no idea. What should its loss be, about?",
               cross_entropy(z, labels).item(), "ln 10.");
    lesson.check("ten classes, no idea: ln 10", std::log(10.0), cross_entropy(z, labels).item(), 1e-12);
  }
  {  // softmax twice: the first one's answers lie between 0 and 1, and the second cannot pull them apart
    const std::int64_t classes = 4;
    Tensor z = zeros({1, classes}, f64).requires_grad_();
    const Tensor label = tensor({2}, i64);
    optim::Adam opt({z}, {.lr = 0.5});
    double loss = 0;
    for (int i = 0; i < 2000; ++i) {
      opt.zero_grad();
      Tape tape;
      const Tensor twice = cross_entropy(softmax(z, 1), label);
      tape.backward(twice);
      opt.step();
      loss = twice.item();
    }
    lesson.check("softmax twice, C = 4: floor ln(1 + (C - 1)/e)", std::log(1 + 3 / std::exp(1.0)), loss, 1e-3);
    lesson.check_true("the scores themselves are certain", softmax(z, 1).at({0, 2}) > 0.999);
  }
  {  // the maximum is taken out before the exponential
    const Tensor z = tensor({1000, 999}, f64);
    lesson.check("logsumexp(1000, 999) is finite", 1000 + std::log1p(std::exp(-1.0)), logsumexp(z).item(), 1e-12);
    lesson.check_true("without taking out the maximum it is not", !std::isfinite(log(sum(exp(z))).item()));
  }
  {
    const study::Trace trace("lesson_06.jsonl", study::TraceOptions{});
    const Tensor z = tensor({{2, 1, 0.1}}, f64).requires_grad_().set_name("z");
    Tape tape;
    tape.backward(cross_entropy(z, tensor({0}, i64)).set_name("loss"));
  }
  return lesson.end();
}

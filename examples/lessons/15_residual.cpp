// Lesson 15: residual connections, the cure for lesson 7. See 15_residual.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

constexpr int layers = 20;
constexpr std::int64_t width = 16;

std::vector<Tensor> weights(double deviation) {
  std::vector<Tensor> w;
  for (int i = 0; i < layers; ++i) w.push_back((randn({width, width}, f64) * deviation).requires_grad_());
  return w;
}

// A stack of layers, each h = f(h), or h = h + f(h), where f(h) = sigmoid(h W) - 1/2.
Tensor run(Tensor h, const std::vector<Tensor>& w, bool residual) {
  for (const Tensor& weight : w) {
    const Tensor f = sigmoid(matmul(h, weight)) - 0.5;
    h = residual ? h + f : f;
  }
  return h;
}

double size(const Tensor& t) { return std::sqrt(sum(square(t)).item()); }

// How much of a gradient arrives at the input.
double arrives(double deviation, bool residual) {
  manual_seed(15);
  const Tensor x = randn({32, width}, f64), end = randn({32, width}, f64);
  const std::vector<Tensor> w = weights(deviation);
  Tape tape;
  tape.watch(x);
  return size(tape.gradient(run(x, w, residual), {x}, {.cotangent = end})[0]) / size(end);
}

// The loss after training the stack to give its input back, turned round.
double trained(bool residual) {
  manual_seed(16);
  const Tensor x = randn({32, width}, f64), target = flip(x, {1});
  const std::vector<Tensor> w = weights(0.25);
  optim::Adam opt(w, {.lr = 0.01});
  double last = 0;
  for (int step = 0; step < 150; ++step) {
    opt.zero_grad();
    Tape tape;
    const Tensor loss = mean(square(run(x, w, residual) - target));
    tape.backward(loss);
    opt.step();
    last = loss.item();
  }
  return last / mean(square(target)).item();
}

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("15: residual connections", argc, argv);
  const Tensor h0 = scalar(0.3, f64);
  lesson.ask("h' = h + f(h), and the slope of f is 0.1. What is the slope of h'? (Without the h it would be 0.1.)",
             jacobian([&] { return h0 + 0.1 * h0; }, h0).item(), "the slope of h is 1; slopes of a sum add up.");
  const double deviation = lesson.input("deviation", 0.25, 0, 4, "of the random weights");
  const double plain = arrives(deviation, false), residual = arrives(deviation, true);
  std::printf("20 layers: of a gradient of size 1 at the end arrives at the input\n");
  std::printf("  h = f(h)      %.3g\n  h = h + f(h)  %.3g\n\n", plain, residual);
  lesson.check_true("20 plain layers: less than 1e-9 of the gradient arrives", plain < 1e-9);
  lesson.check_true("20 residual layers: between 0.1 and 100 times", residual > 0.1 && residual < 100);
  lesson.check("with f = 0 (weights 0) a residual layer passes all of it", 1, arrives(0, true));

  const double plain_loss = trained(false), residual_loss = trained(true);
  lesson.gap();
  std::printf("to learn: give back the input in reverse order. Loss, as a part of the first:\n");
  std::printf("  h = f(h)      %.3f\n  h = h + f(h)  %.3f\n\n", plain_loss, residual_loss);
  lesson.check_true("the plain stack has learned nothing", plain_loss > 0.9);
  lesson.check_true("the residual stack is below a tenth", residual_loss < 0.1);

  // Written out, (1 + f1')(1 + f2') has four paths: around both, through one, through the other, through both.
  Tensor x = scalar(1, f64).requires_grad_().set_name("x");
  const Tensor a = scalar(0.5, f64), b = scalar(-0.3, f64);
  const study::Trace trace("lesson_15.jsonl", study::TraceOptions{});
  Tape tape;
  const Tensor h1 = (x + a * x).set_name("h1");
  const Tensor h2 = (h1 + b * h1).set_name("h2");
  tape.backward(h2);
  lesson.check("two residual layers, slopes .5 and -.3: 1 + .5 - .3 - .15", 1 + 0.5 - 0.3 - 0.5 * 0.3, x.grad().item());
  lesson.ask("With 20 residual layers, how many paths lead from the end to the input?", std::pow(2, layers),
             "at each layer a path goes around or through: 2 · 2 · 2 …");
  return lesson.end();
}

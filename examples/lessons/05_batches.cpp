// Lesson 5: batch, mini-batch, stochastic. See 05_batches.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

// A thousand numbers; the loss of one is (w - x)²/2, so the gradient of a batch at 0 is minus its mean.
struct Data {
  Tensor x;
  double mean, deviation;
  explicit Data(std::int64_t n) : x(randn({n}, f64)) {
    mean = x.mean().item();
    deviation = stddev(x, {}, false, 0).item();
  }
};

Tensor batch_means(const Data& data, std::int64_t batch, std::int64_t draws) {
  const Tensor rows = randint(0, data.x.numel(), {draws * batch});
  return mean(index_select(data.x, 0, rows).reshape({draws, batch}), {1});
}

// The variance of w long after the start, averaged over many walkers side by side: ½λw² with noise σ/√B.
double stationary(double rate, double sigma, std::int64_t batch) {
  const std::int64_t walkers = 4000;
  const Tensor w = zeros({walkers}, f64).requires_grad_();
  optim::SGD opt({w}, {.lr = rate});
  double total = 0;
  for (int k = 1; k <= 200; ++k) {
    const Tensor noise = randn({walkers}, f64) * (sigma / std::sqrt(static_cast<double>(batch)));
    opt.zero_grad();
    Tape tape;
    tape.backward(sum(square(w) / 2 + w * noise));
    opt.step();
    if (k > 150) total += mean(square(w)).item() / 50;
  }
  return total;
}

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("5: batch, mini-batch, stochastic", argc, argv);
  manual_seed(5);
  const Data data(1000);
  {  // each batch's gradient by the tape, once: it is what the formula below says
    Tensor w = scalar(0, f64).requires_grad_();
    Tape tape;
    tape.backward(mean(square(w - data.x)) / 2);
    lesson.check("the whole batch's gradient at 0 is minus the mean", -data.mean, w.grad().item(), 1e-12);
  }
  lesson.ask("The noise of a batch of B is σ/√B. By what factor is it smaller for 64 examples than for 4?",
             std::sqrt(64.0 / 4), "√(64/4).");
  for (const std::int64_t batch : {1, 4, 16, 64}) {
    const Tensor means = batch_means(data, batch, 20'000);
    const double spread = std::sqrt(mean(square(means - data.mean)).item());
    char claim[128];
    std::snprintf(claim, sizeof claim, "noise of a batch of %lld: σ/√B", static_cast<long long>(batch));
    lesson.check(claim, data.deviation / std::sqrt(static_cast<double>(batch)), spread, 0.03);
  }
  // A constant rate never comes to rest: variance ασ²/(Bλ(2 - αλ)). A quarter of it for four times the batch.
  const double sigma = data.deviation;
  const double rate = lesson.input("rate", 0.5, 0.001, 1.9, "α of the third resting variance");
  const auto predicted = [&](double a, double batch) { return a * sigma * sigma / (batch * (2 - a)); };
  lesson.check("resting variance, α = .1, B = 1", predicted(0.1, 1), stationary(0.1, sigma, 1), 0.03);
  lesson.check("resting variance, α = .1, B = 4", predicted(0.1, 4), stationary(0.1, sigma, 4), 0.03);
  lesson.check(rate == 0.5 ? "resting variance, α = .5, B = 1" : words("resting variance, α = %g, B = 1", rate),
               predicted(rate, 1), stationary(rate, sigma, 1), 0.03);
  lesson.check("the whole batch: no noise, no variance", 0, stationary(0.1, 0, 1));

  lesson.ask("Rate 0.1, curvature 1, σ = 1, B = 1: the resting variance is ασ²/(Bλ(2 - αλ)). How much?",
             0.1 / (2 - 0.1), "0.1 / 1.9.");

  // Without replacement there is less noise by (N - B)/(N - 1): none when the batch is all of it.
  double total = 0;
  const std::int64_t half = 500;
  for (int k = 0; k < 4000; ++k) {
    const Tensor rows = slice(randperm(1000), {{0, half}});
    total += std::pow(mean(index_select(data.x, 0, rows)).item() - data.mean, 2) / 4000;
  }
  lesson.check("500 of 1000 without replacement: σ²/B · 500/999", sigma * sigma / 500 * 500 / 999, total, 0.08);
  {  // for the stepper: the gradients of two batches of two, added up, then one step
    const study::Trace trace("lesson_05.jsonl", study::TraceOptions{});
    const Tensor w = scalar(0, f64).requires_grad_().set_name("w");
    optim::SGD opt({w}, {.lr = 0.1});
    for (const Tensor& batch : {tensor({1, 3}, f64), tensor({-2, 2}, f64)}) {
      Tape tape;
      tape.backward((mean(square(w - batch)) / 2).set_name("loss"));
    }
    opt.step();
  }
  return lesson.end();
}

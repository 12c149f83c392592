// Lesson 16: recurrence: one weight, used many times. See 16_recurrence.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

struct Slopes {
  double by_weight, by_start;
};

// h = w h, so many times, from 1: dh/dw and dh/dh0.
Slopes linear(double weight, int times) {
  Tensor w = scalar(weight, f64).requires_grad_(), start = scalar(1, f64).requires_grad_();
  Tape tape;
  Tensor h = start;
  for (int t = 0; t < times; ++t) h = w * h;
  tape.backward(h);
  return {w.grad().item(), start.grad().item()};
}

// What reaches the first input of a recurrent layer from its last output, as a part of what started.
template <class Layer>
double reaches(const Layer& layer, int times) {
  const Tensor x = randn({times, 1, 4}, f64);
  Tape tape;
  tape.watch(x);
  const Tensor last = layer(x).y[times - 1];
  const Tensor d = tape.gradient(sum(last), {x})[0];
  return norm(d[0]).item() / norm(d[times - 1]).item();
}

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("16: recurrence", argc, argv);
  lesson.ask("h = w·(w·(w·1)) with w = 2. dh/dw is the sum of what the three uses of w give. How much?",
             linear(2, 3).by_weight, "h = w³, and its derivative is 3 w².");
  lesson.check("h = w h, three times, w = 2: dh/dw = 3 w²", 12, linear(2, 3).by_weight);
  {
    const study::Trace trace("lesson_16.jsonl", study::TraceOptions{});
    Tensor w = scalar(2, f64).requires_grad_().set_name("w"), start = scalar(1, f64).requires_grad_().set_name("h0");
    Tape tape;
    const Tensor h1 = (w * start).set_name("h1");
    const Tensor h2 = (w * h1).set_name("h2");
    const Tensor h3 = (w * h2).set_name("h3");
    tape.backward(h3);
  }
  // Over a long time the product of slopes is a power.
  lesson.gap();
  std::printf("after 50 steps of h = w h, dh/dh0 is\n");
  for (const double w : {0.9, 1.0, 1.1}) std::printf("  w = %.1f   %10.4g\n", w, linear(w, 50).by_start);
  std::printf("\n");
  lesson.check("w = 0.9: 0.9^50", std::pow(0.9, 50), linear(0.9, 50).by_start);
  lesson.check("w = 1.1: 1.1^50", std::pow(1.1, 50), linear(1.1, 50).by_start);

  // To cut the past off, detach: the value stays, the path back ends. That is truncated backpropagation.
  Tensor w = scalar(2, f64).requires_grad_();
  {
    Tape tape;
    const Tensor h2 = w * (w * scalar(1, f64));
    tape.backward(w * h2.detach());
  }
  lesson.ask("h = w·h2 with h2 = w² cut off by detach(), w = 2. Only the last use of w counts. What is dh/dw?",
             w.grad().item(), "h2 is 4, and is now a constant.");

  // A long short-term memory carries c = f c + …: its path back is a product of forget gates, which can stay near 1.
  manual_seed(16);
  const double opened = lesson.input("bias", 5, -5, 10, "of the forget gates");
  nn::RNN rnn(4, 8, {.dtype = f64});
  nn::LSTM open(4, 8, {.dtype = f64});
  for (auto& part : open.weights) {  // bias of the forget gates, the second quarter: sigmoid(5) is 0.993
    Tensor bias = part.bias_ih;
    slice(bias, {{8, 16}}).fill_(opened);
  }
  const double by_rnn = reaches(rnn, 60), by_lstm = reaches(open, 60);
  std::printf("60 steps back: of the last input's gradient, the first input gets\n");
  std::printf("  RNN                        %.3g\n  LSTM, forget gates open    %.3g\n\n", by_rnn, by_lstm);
  lesson.check_true("the plain recurrent layer forgets: less than 1e-6", by_rnn < 1e-6);
  lesson.check_true("the LSTM with open gates keeps over a thousand times more", by_lstm > 1000 * by_rnn);
  lesson.ask("A forget gate stands at 0.993. What is left of a gradient after 60 steps, 0.993^60?", std::pow(0.993, 60),
             "e^(60 ln 0.993), about e^-0.42.", 0.03);
  return lesson.end();
}

// Lesson 0c: a neuron, and what it cannot do alone. See 00c_neuron.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

// The four cases of two inputs, and two questions about them.
const Tensor inputs = tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}}, f64);
const Tensor both = tensor({{0}, {0}, {0}, {1}}, f64), exactly_one = tensor({{0}, {1}, {1}, {0}}, f64);

// A neuron: weights, a bias, and a squashing function, sigmoid(s) = 1 / (1 + e^-s), which gives 0 to 1.
Tensor neuron(const Tensor& w, const Tensor& b) { return sigmoid(matmul(inputs, w) + b); }

struct Trained {
  Tensor w = zeros({2, 1}, f64).requires_grad_(), b = zeros({1}, f64).requires_grad_();
  Tensor answers;
};

Trained train_neuron(const Tensor& target) {
  Trained t;
  optim::SGD opt({t.w, t.b}, {.lr = 2});
  for (int step = 0; step < 3000; ++step) {
    opt.zero_grad();
    Tape tape;
    tape.backward(bce_loss(neuron(t.w, t.b), target));  // small when the answers are right: lesson 6
    opt.step();
  }
  t.answers = neuron(t.w, t.b);
  return t;
}

int right(const Tensor& answers, const Tensor& target) {
  int count = 0;
  for (int i = 0; i < 4; ++i) count += (answers.at({i, 0}) > 0.5) == (target.at({i, 0}) > 0.5);
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("0c: a neuron", argc, argv);
  lesson.ask("A neuron with weights 2 and -1 and bias 0.5 gets the inputs 1 and 3. What is the sum before sigmoid?",
             (matmul(tensor({{1, 3}}, f64), tensor({{2}, {-1}}, f64)) + 0.5).item(), "2·1 + (-1)·3 + 0.5.");
  const Tensor zero = scalar(0, f64);
  lesson.ask("What is the slope of sigmoid at 0, where it is steepest? It is y (1 - y), and y = sigmoid(0) = 1/2.",
             jacobian([&] { return sigmoid(zero); }, zero).item(), "1/2 times 1/2.");

  const Trained conjunction = train_neuron(both);
  const double w1 = conjunction.w.at({0, 0}), w2 = conjunction.w.at({1, 0}), bias = conjunction.b.item();
  Plot plot(-0.5, 1.5, -0.5, 1.5, 41, 17);
  plot.curve([&](double x1) { return -(bias + w1 * x1) / w2; }, '.');
  for (int i = 0; i < 4; ++i) plot.point(inputs.at({i, 0}), inputs.at({i, 1}), both.at({i, 0}) > 0.5 ? '1' : '0');
  plot.print("\"Both\": on the line (.) the neuron says 1/2; above it, towards the 1, more.");
  lesson.check("\"both\" (AND): cases right, of 4", 4, right(conjunction.answers, both));
  const Trained alone = train_neuron(exactly_one);
  lesson.check_true("\"exactly one\" (XOR): a single neuron gets at most 3 right",
                    right(alone.answers, exactly_one) <= 3);
  lesson.check("after training it answers 1/2 to every case", 0.5, alone.answers.at({1, 0}), 1e-6);

  // Two neurons before the last one: now the question can be answered.
  const int seed = lesson.whole("seed", 6, 0, 1000, "of the random start weights");
  const int hidden = lesson.whole("neurons", 2, 1, 16, "below the last one");
  manual_seed(
      static_cast<std::uint64_t>(seed));  // not every start gets there: from some, this small a network stays at 2 of 4
  Tensor w1s = randn({2, hidden}, f64).requires_grad_(), b1 = zeros({hidden}, f64).requires_grad_();
  Tensor w2s = randn({hidden, 1}, f64).requires_grad_(), b2 = zeros({1}, f64).requires_grad_();
  const auto network = [&] { return sigmoid(matmul(tanh(matmul(inputs, w1s) + b1), w2s) + b2); };
  optim::SGD opt({w1s, b1, w2s, b2}, {.lr = 0.5});
  for (int step = 0; step < 3000; ++step) {
    opt.zero_grad();
    Tape tape;
    tape.backward(bce_loss(network(), exactly_one));
    opt.step();
  }
  const std::string below = hidden == 2 ? "two neurons and a third on top" : words("%d neurons and one on top", hidden);
  lesson.check(below + ": cases of XOR right, of 4", 4, right(network(), exactly_one));
  {  // for the stepper: the lone neuron's first pass, with names
    const study::Trace trace("lesson_00c.jsonl", study::TraceOptions{});
    const Tensor w = tensor({{2}, {-1}}, f64).requires_grad_().set_name("w");
    const Tensor b = tensor({0.5}, f64).requires_grad_().set_name("b");
    Tape tape;
    const Tensor s = (matmul(inputs, w) + b).set_name("s");
    const Tensor answer = sigmoid(s).set_name("answer");
    tape.backward(bce_loss(answer, both));
  }
  return lesson.end();
}

// Lesson 14: normalisation. See 14_normalisation.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

double apart(const Tensor& a, const Tensor& b) { return max(abs(a - b)).item(); }
double size(const Tensor& t) { return std::sqrt(sum(square(t)).item()); }

// How much of a gradient is left of it after 20 layers of bad weights, with or without normalisation in between.
double left_over(double deviation, bool normalised) {
  manual_seed(14);
  const Tensor x = randn({64, 64}, f64);
  Tape tape;
  tape.watch(x);
  Tensor h = x;
  for (int i = 0; i < 20; ++i) {
    h = matmul(h, randn({64, 64}, f64) * deviation);
    h = relu(normalised ? layer_norm(h, {64}) : h);
  }
  const Tensor end = randn({64, 64}, f64);
  return size(tape.gradient(h, {x}, {.cotangent = end})[0]) / size(end);
}

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("14: normalisation", argc, argv);
  const double factor = lesson.input("factor", 10, 0.1, 1000, "by which x is made larger");
  const std::string times = factor == 10 ? "ten" : words("%g", factor);
  const Tensor x = tensor({{1, 3, 5, 7}}, f64).set_name("x");
  const Tensor y = layer_norm(x, {4}, {}, {}, 0);
  std::cout << "x = " << x << "   normalised: " << y << "\n\n";
  lesson.ask("The mean of 1, 3, 5, 7 is 4 and the variance 5. What does the 7 become, (7 - 4)/√5?", y.at({0, 3}),
             "3 / 2.236");
  lesson.check("normalised: mean 0", 0, mean(y).item(), 1e-15);
  lesson.check("variance 1", 1, mean(square(y)).item(), 1e-12);
  lesson.check(times + " times x: the same", 0, apart(y, layer_norm(factor * x, {4}, {}, {}, 0)), 1e-12);
  lesson.check("x + 100: the same", 0, apart(y, layer_norm(x + 100, {4}, {}, {}, 0)), 1e-12);

  // The way back. What could only shift or scale x changes nothing, so those parts are taken out of g.
  const Tensor g = tensor({{1, 0, 0, 2}}, f64);
  Tensor back, back_of_ten;
  {
    const study::Trace trace("lesson_14.jsonl", study::TraceOptions{});
    const Tensor leaf = x.clone().requires_grad_().set_name("x");
    Tape tape;
    const Tensor norm = layer_norm(leaf, {4}, {}, {}, 0).set_name("y");
    const Tensor loss = sum(g * norm).set_name("loss");
    tape.backward(loss);
    back = leaf.grad();
  }
  {
    const Tensor ten = (factor * x).requires_grad_();
    Tape tape;
    tape.backward(sum(g * layer_norm(ten, {4}, {}, {}, 0)));
    back_of_ten = ten.grad();
  }
  const Tensor formula = (g - mean(g) - y * mean(g * y)) / std::sqrt(5.0);
  lesson.check("dx = (g - mean g - y mean(g y)) / σ: largest difference", 0, apart(back, formula), 1e-14);
  lesson.check("dx sums to 0: no part of it shifts x", 0, sum(back).item(), 1e-14);
  lesson.check("dx · y = 0: no part of it scales x", 0, sum(back * y).item(), 1e-14);
  lesson.ask(
      "The input is " + times + " times as large, y the same. By what factor is the gradient at the input multiplied?",
      size(back_of_ten) / size(back), "1/σ stands in front, and σ is " + times + " times as large.");

  // Batch norm takes the mean of each feature over the batch, and keeps running means for later.
  manual_seed(3);
  nn::BatchNorm1d norm(2, {.momentum = 0.1, .dtype = f64});
  const Tensor data = randn({256, 2}, f64) * 3 + 5;
  norm.train();
  for (int i = 0; i < 100; ++i) norm(data);
  lesson.check("batch norm: the running mean after 100 batches, (1 - 0.9^100) of the mean",
               mean(data, {0}).at({0}) * (1 - std::pow(0.9, 100)), norm.running_mean.at({0}));
  norm.eval();
  const Tensor alone = tensor({{5, 5}}, f64);
  lesson.check("eval(): one example is judged by the running mean, and alone", 0,
               apart(norm(alone), norm(concat({alone, alone}))[0]));
  norm.train();
  lesson.check_true("train(): an example's answer depends on its batch",
                    apart(norm(concat({alone, alone + 1}))[0], norm(concat({alone, alone + 9, alone - 1}))[0]) > 0.1);

  // And depth: lesson 7's bad weights, mended.
  lesson.check_true("20 layers, weights N(0, 1): the gradient grows over 1e12 times", left_over(1, false) > 1e12);
  lesson.check_true("weights N(0, 0.01²): it shrinks below 1e-15", left_over(0.01, false) < 1e-15);
  lesson.check("with layer norm both ways are the same: the factor", left_over(1, true), left_over(0.01, true), 0.01);
  lesson.check_true("and it is between 0.01 and 100", left_over(1, true) > 0.01 && left_over(1, true) < 100);
  return lesson.end();
}

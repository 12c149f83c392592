// Lesson 11: a layer by hand. Shapes, and why dW = xᵀ g. See 11_layer_by_hand.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

void show(const char* name, const Tensor& t) { std::cout << name << " =\n" << t << "\n\n"; }
double apart(const Tensor& a, const Tensor& b) { return max(abs(a - b)).item(); }

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("11: a layer by hand", argc, argv);
  // Three examples of two numbers go through a layer with two inputs and four outputs: s = x W + b.
  const double first = lesson.input("x00", 1, -10, 10, "the first number of the first example");
  const Tensor x = tensor({{first, 2}, {0, -1}, {3, 1}}, f64);
  const Tensor W = tensor({{1, 0, 2, -1}, {0, 1, -1, 1}}, f64).requires_grad_().set_name("W");
  const Tensor b = zeros({4}, f64).requires_grad_().set_name("b");
  const Tensor g = tensor({{1, 0, 0, 2}, {0, 1, 0, -1}, {1, 0, 2, 0}}, f64);  // dL/ds, as it comes from above
  show("x, three examples", x);
  show("g = dL/ds, what comes back from above", g);

  lesson.choose("x is 3x2, W is 2x4, g is 3x4. dL/dW must have the shape of W. Which product has it?",
                {"x g", "xᵀ g", "g xᵀ", "g Wᵀ"}, 1, "xᵀ is 2x3; a 2x3 times a 3x4 is a 2x4.");
  const Tensor by_hand = matmul(x.t(), g);
  lesson.ask("Element (0, 0) of dL/dW: the sum over the three examples of x(i, 0) g(i, 0). How much?",
             by_hand.at({0, 0}), words("first column of x: %g, 0, 3; first column of g: 1, 0, 1.", first));
  {
    Tape tape;
    tape.watch(x);
    const Tensor s = matmul(x, W) + b;
    const std::vector<Tensor> d = tape.gradient(s, {W, b, x}, {.cotangent = g});
    lesson.check("dL/dW by the tape, and xᵀ g: largest difference", 0, apart(d[0], by_hand));
    lesson.check("dL/db, and the sum of g over the examples", 0, apart(d[1], sum(g, {0})));
    lesson.check("dL/dx, and g Wᵀ: to the layer below", 0, apart(d[2], matmul(g, W.t())));
  }
  // Each example alone gives an outer product; dW is their sum. That is all that xᵀ g says.
  Tensor total = zeros({2, 4}, f64);
  for (int i = 0; i < 3; ++i) total = total + matmul(x[i].unsqueeze(1), g[i].unsqueeze(0));
  lesson.check("sum over examples of (column x) (row g), and xᵀ g", 0, apart(total, by_hand));

  // Two layers: L = mean((tanh(x W1) W2 - t)²). From the end to the start, a line for each operation.
  manual_seed(11);
  const Tensor W1 = randn({2, 4}, f64).requires_grad_().set_name("W1");
  const Tensor W2 = randn({4, 1}, f64).requires_grad_().set_name("W2");
  const Tensor t = tensor({{1}, {0}, {1}}, f64);
  const Tensor h = tanh(matmul(x, W1)), out = matmul(h, W2);
  const Tensor d_out = 2 * (out - t) / 3;    // the mean of 3 squares
  const Tensor d_W2 = matmul(h.t(), d_out);  // xᵀ g
  const Tensor d_h = matmul(d_out, W2.t());  // g Wᵀ
  const Tensor d_s = d_h * (1 - square(h));  // tanh' = 1 - tanh²
  const Tensor d_W1 = matmul(x.t(), d_s);    // xᵀ g again
  {
    const study::Trace trace("lesson_11.jsonl", study::TraceOptions{});
    Tape tape;
    const Tensor hidden = tanh(matmul(x, W1)).set_name("h");
    const Tensor output = matmul(hidden, W2).set_name("out");
    tape.backward(mean(square(output - t)).set_name("loss"));
  }
  lesson.check("two layers: dL/dW2 by hand, and by backward()", 0, apart(d_W2, W2.grad()), 1e-14);
  lesson.check("two layers: dL/dW1 by hand, and by backward()", 0, apart(d_W1, W1.grad()), 1e-14);
  lesson.ask("d_out = 2 (out - t) / n. A colleague forgets the / n. By what factor is his dL/dW1 too large?",
             (matmul(x.t(), matmul(2 * (out - t), W2.t()) * (1 - square(h))) / W1.grad()).at({0, 0}),
             "n is the number of examples in the mean.");
  return lesson.end();
}

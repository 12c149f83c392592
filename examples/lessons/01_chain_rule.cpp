// Lesson 1: the chain rule, computed once per node. See 01_chain_rule.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

Tensor leaf(double value) { return scalar(value, f64).requires_grad_(); }

// Backpropagation as one might first write it: give each input its share, then do the same from there. A value used
// twice is visited twice, and hands on what it has gathered each time.
void naive(const Tape& tape, int node, std::vector<double>& grad) {
  const std::vector<int> inputs = tape[node].inputs();
  for (const int i : inputs) grad[static_cast<std::size_t>(i)] += grad[static_cast<std::size_t>(node)];  // sums only
  for (const int i : inputs) naive(tape, i, grad);
}

}  // namespace

int main() {
  Lesson lesson("Lesson 1: chain rule, accumulation, order, zero_grad");
  {  // e = (a + b)(b + 1): two paths lead from e to b, and their products add up
    const Tensor a = leaf(2), b = leaf(1);
    Tape tape;
    const Tensor e = (a + b) * (b + 1);
    tape.backward(e);
    lesson.check("e = (a + b)(b + 1) at (2, 1)", 6, e.item());
    lesson.check("de/da = b + 1", 2, a.grad().item());
    lesson.check("de/db = (b + 1) + (a + b)", 5, b.grad().item());
  }
  {  // the diamond: b = a + a, c = b + b
    const Tensor a = leaf(1);
    Tape tape;
    const Tensor b = a + a, c = b + b;
    std::vector<double> grad(static_cast<std::size_t>(tape.size()));
    grad[static_cast<std::size_t>(tape.index_of(c))] = 1;
    naive(tape, tape.index_of(c), grad);
    tape.backward(c);
    lesson.check("diamond c = 4a: dc/da, walked in order", 4, a.grad().item());
    lesson.check("the same by naive recursion: wrong", 8, grad[static_cast<std::size_t>(tape.index_of(a))]);
  }
  {  // a column of biases is used by every row: its gradient is a sum over rows
    const Tensor x = ones({4, 3}, f64), bias = zeros({3}, f64).requires_grad_();
    Tape tape;
    tape.backward(sum(x + bias));
    lesson.check("(4, 3) + (3): every bias gathers 4 contributions", 4, bias.grad().at({1}));
  }
  {  // gradients add up until someone clears them
    Tensor x = leaf(3);
    const auto walk = [&] {
      Tape tape;
      tape.backward(2 * x * x);
      return x.grad().item();
    };
    lesson.check("z = 2x² at 3: dz/dx = 4x", 12, walk());
    lesson.check("a second backward adds", 24, walk());
    x.zero_grad();
    lesson.check("after zero_grad it starts again", 12, walk());
  }
  return lesson.end();
}

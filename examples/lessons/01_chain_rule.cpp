// Lesson 1: the chain rule, computed once per node. See 01_chain_rule.md.
#include <gradus/gradus.hpp>

#include <map>

#include "lesson.hpp"

using namespace gradus;

namespace {

Tensor leaf(double value, const char* name) { return scalar(value, f64).requires_grad_().set_name(name); }

// Backpropagation as one might first write it: give each input its share, then do the same from there. A value used
// twice is visited twice, and hands on what it has gathered each time.
void naive(const Tape& tape, int node, std::map<int, double>& gradient) {
  for (const int input : tape[node].inputs()) gradient[input] += gradient[node];  // right for sums only
  for (const int input : tape[node].inputs()) naive(tape, input, gradient);
}

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("1: the chain rule, computed once per node", argc, argv);
  const double at_a = lesson.input("a", 2, -10, 10, "of e = (a + b)(b + 1)");
  const double at_b = lesson.input("b", 1, -10, 10, "of e = (a + b)(b + 1)");
  {  // e = (a + b)(b + 1): two paths lead from e to b, and their products add up
    const study::Trace trace("lesson_01.jsonl", study::TraceOptions{});
    const Tensor a = leaf(at_a, "a"), b = leaf(at_b, "b");
    Tape tape;
    const Tensor c = (a + b).set_name("c");
    const Tensor d = (b + 1).set_name("d");
    const Tensor e = (c * d).set_name("e");
    tape.backward(e);
    lesson.ask(words("e = c d with c = a + b and d = b + 1, at a = %g, b = %g. What is de/db?", at_a, at_b),
               b.grad().item(),
               words("b reaches e through c, with slope d = %g, and through d, with slope c = %g. Add the two.",
                     d.item(), c.item()));
    lesson.check(words("e = (a + b)(b + 1) at (%g, %g)", at_a, at_b), (at_a + at_b) * (at_b + 1), e.item());
    lesson.check("de/da = d = b + 1", at_b + 1, a.grad().item());
    lesson.check("de/db = d + c = (b + 1) + (a + b)", at_b + 1 + at_a + at_b, b.grad().item());
  }
  {  // the diamond: b = a + a, c = b + b
    const Tensor a = leaf(1, "a");
    Tape tape;
    const Tensor b = a + a, c = b + b;
    std::map<int, double> gradient = {{tape.index_of(c), 1}};
    naive(tape, tape.index_of(c), gradient);
    tape.backward(c);
    lesson.check("diamond b = a + a, c = b + b = 4a: dc/da, in order", 4, a.grad().item());
    lesson.check("the same, passing on at once: wrong", 8, gradient[tape.index_of(a)]);
  }
  {  // a row of biases is added to every row of data: its gradient is a sum over the rows
    const Tensor x = ones({4, 3}, f64), bias = zeros({3}, f64).requires_grad_();
    Tape tape;
    tape.backward(sum(x + bias));
    lesson.ask("A row of 3 biases is added to 4 rows of data, and all is summed up. What is the derivative by a bias?",
               bias.grad().at({1}), "the bias is used once in each row.");
    lesson.check("(4, 3) + (3): every bias gathers 4 contributions", 4, bias.grad().at({1}));
  }
  {  // gradients add up until someone clears them
    Tensor x = leaf(3, "x");
    const auto backward = [&] {
      Tape tape;
      tape.backward(2 * x * x);
      return x.grad().item();
    };
    lesson.check("z = 2x² at 3: dz/dx = 4x", 12, backward());
    lesson.ask("backward() is called again, without zero_grad(). What is x.grad() now?", backward(),
               "backward() adds to grad().");
    x.zero_grad();
    lesson.check("after zero_grad it starts again", 12, backward());
  }
  return lesson.end();
}

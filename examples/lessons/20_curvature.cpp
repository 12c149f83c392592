// Lesson 20: curvature. See 20_curvature.md.
#include <gradus/gradus.hpp>

#include "lesson.hpp"

using namespace gradus;

namespace {

// A small valley whose walls are steep where u² + v² is large: its bottom is the curve u v = 1.
Tensor valley(const Tensor& p) { return square(p[0] * p[1] - 1) / 2; }

struct End {
  double loss, sharpness;
  int steps;
};

// Descent from (4, 0.3), near the bottom at a steep place.
End descend(double rate) {
  const Tensor p = tensor({4, 0.3}, f64).requires_grad_();
  optim::SGD opt({p}, {.lr = rate});
  int step = 0;
  double loss = 1;
  for (; step < 5000 && loss > 1e-20; ++step) {
    opt.zero_grad();
    Tape tape;
    const Tensor y = valley(p);
    tape.backward(y);
    opt.step();
    loss = y.item();
  }
  const Tensor rest = p.detach();
  return {loss, largest_eigenvalue([&] { return valley(rest); }, {rest}).value, step};
}

}  // namespace

int main(int argc, char** argv) {
  Lesson lesson("20: curvature", argc, argv);
  // The Hessian holds all second derivatives. f = x² y + y³ at (1, 2): fxx = 2y, fxy = 2x, fyy = 6y.
  const Tensor p = tensor({1, 2}, f64);
  const auto f = [&] { return square(p[0]) * p[1] + pow(p[1], 3); };
  const Tensor H = hessian(f, p);
  lesson.ask("f = x² y + y³ at (1, 2). What is its second derivative by y, twice: d²f/dy²?", H.at({1, 1}), "6 y");
  lesson.check("d²f/dx² = 2y", 4, H.at({0, 0}));
  lesson.check("d²f/dxdy = 2x, and the same the other way round", H.at({0, 1}), H.at({1, 0}));
  // A product H v needs no matrix: it is the derivative of (gradient · v). Two walks, whatever the size.
  const Tensor v = tensor({1, -1}, f64);
  const Tensor product = hvp(f, {p}, {v})[0];
  lesson.ask("H = ((4, 2), (2, 12)) and v = (1, -1). What is the first element of H v?", product.at({0}),
             "4·1 + 2·(-1)");
  lesson.check("H v by two walks, and by the matrix", 0, max(abs(product - matmul(H, v))).item(), 1e-12);
  const double h = 1e-5;
  const auto gradient_at = [&](double s) {
    const Tensor at = p + s * v;
    return jacobian([&] { return square(at[0]) * at[1] + pow(at[1], 3); }, at);
  };
  lesson.check("H v by a difference of two gradients", product.at({1}),
               ((gradient_at(h) - gradient_at(-h)) / (2 * h)).at({1}), 1e-8);
  lesson.check("the largest eigenvalue, by products alone: 8 + √20", 8 + std::sqrt(20.0),
               largest_eigenvalue(f, {p}).value, 1e-6);

  // The edge of stability: with rate α descent can only come to rest where the curvature is below 2/α.
  const double rate = lesson.input("rate", 0.2, 0.001, 0.5, "the larger of the two");
  const End slow = descend(0.02), fast = descend(rate);
  lesson.gap();
  std::printf("the valley u v = 1, from (4, 0.3), where the curvature is about 16\n");
  std::printf("  rate 0.02: rests at curvature %6.3f after %d steps   (2/rate = 100)\n", slow.sharpness, slow.steps);
  std::printf("  rate %.2f: rests at curvature %6.3f after %d steps   (2/rate = %g)\n\n", rate, fast.sharpness,
              fast.steps, 2 / rate);
  lesson.ask(words("With a rate of %g, what is the largest curvature at which descent can come to rest?", rate),
             2 / rate, "2 / rate.");
  lesson.check_true("a small rate stays at the steep place: curvature above 10",
                    slow.loss < 1e-15 && slow.sharpness > 10);
  lesson.check_true("a large rate leaves it for a place below 2/rate", fast.loss < 1e-15 && fast.sharpness < 2 / rate);

  // Methods that use curvature. L-BFGS learns it from the last gradients; Newton computes it.
  const auto rosenbrock = [](const Tensor& x) { return square(1 - x[0]) + 100 * square(x[1] - square(x[0])); };
  const Tensor x = tensor({-1.2, 1}, f64).requires_grad_();
  optim::LBFGS lbfgs({x}, {.max_iter = 100, .line_search_fn = optim::LineSearch::strong_wolfe});
  lbfgs.step([&] {
    lbfgs.zero_grad();
    Tape tape;
    const Tensor y = rosenbrock(x);
    tape.backward(y);
    return y;
  });
  lesson.check("Rosenbrock by L-BFGS: distance to (1, 1)", 0, norm(x.detach() - 1).item(), 1e-4);
  lesson.check_true("in fewer than 100 evaluations (plain descent: 15,068 steps)", lbfgs.evaluations() < 100);
  {
    const study::Trace trace("lesson_20.jsonl", study::TraceOptions{});
    const Tensor u = scalar(1, f64).requires_grad_().set_name("x"), w = scalar(2, f64).requires_grad_().set_name("y");
    Tape tape;
    const Tensor y = square(u) * w;
    const std::vector<Tensor> g = tape.gradient(y, {u, w}, {.record = true});
    tape.backward(g[0] - g[1]);  // gradient · (1, -1): its derivative is H v
  }
  return lesson.end();
}

// Observers see everything that happens, and change nothing.
#include <gradus/gradus.hpp>

#include "support.hpp"

using namespace gradus;

namespace {
struct Log : Observer {
  std::string text;
  int fused = 0;
  void on_record(const RecordEvent& e) override { text += std::string("record:") + e.tape[e.node].name() + " "; }
  void on_walk_begin(const WalkEvent& e) override { text += std::string(e.what) + "{ "; }
  void on_walk_end(const WalkEvent&) override { text += "} "; }
  void on_visit(const VisitEvent& e) override { text += "visit" + std::to_string(e.node) + " "; }
  void on_contribution(const ContributionEvent& e) override {
    text += std::to_string(e.from) + "->" + std::to_string(e.to) + " ";
    const Tensor again = e.before.defined() ? e.before + e.added : e.added;
    CHECK((e.fused ? allclose(again, e.after, 1e-6, 1e-6) : equal(again, e.after)));
    fused += e.fused;
  }
  void on_accumulate(const AccumulateEvent& e) override { text += "leaf" + std::to_string(e.node) + " "; }
  void on_mutation(const MutationEvent& e) override { text += std::string(e.what) + " "; }
  void on_zero_grad(const ZeroGradEvent&) override { text += "zero_grad "; }
  void on_scope(const ScopeEvent& e) override { text += (e.enter ? "+" : "-") + std::string(e.name) + " "; }
};
}  // namespace

TEST_CASE("the events of a small program, in order") {
  Tensor x = scalar(3, f64).requires_grad_();
  Log log;
  const Observing watching(log);
  {
    Tape tape;
    const Scope scope("net");
    const Tensor y = x * x;
    tape.backward(y);
  }
  x.add_(x.grad(), -0.1);
  x.zero_grad();
  CHECK(log.text == "+net record:leaf record:mul backward{ visit1 1->0 1->0 visit0 leaf0 } -net add_ zero_grad ");
}

TEST_CASE("a broadcast bias shows as two visits") {
  const Tensor x = randn({4, 3}, f64), b = randn({3}, f64).requires_grad_();
  Tape tape;
  const Tensor y = sum(x + b);
  REQUIRE(tape.size() == 4);  // bias, expand, add, sum
  CHECK(std::string(tape[1].name()) == "expand");
  CHECK(tape[1].shape() == Shape{4, 3});
  BackwardPass pass(tape, y);
  while (pass.step())
    if (pass.node() == 1) CHECK(pass.grad().shape() == Shape{4, 3});
  CHECK(b.grad().to_vector() == std::vector<double>{4, 4, 4});
}

TEST_CASE("an observed walk gives the same bits, window accumulation included") {
  const Tensor x = randn({8, 6}).requires_grad_();
  const auto run = [&] {
    Tape tape;
    Tensor total = sum(square(x));
    for (int i = 0; i < 8; ++i) total = total + sum(exp(slice(x, 0, {i, i + 1})));
    return tape.gradient(total, {x})[0];
  };
  const Tensor plain = run();
  Log log;
  const Observing watching(log);
  CHECK(equal(run(), plain));
}

TEST_CASE("an observed walk gives the same bits where a product adds itself to what has arrived") {
  const Tensor w = randn({5, 7}).requires_grad_(), x = randn({3, 5}), y = randn({4, 5});
  const auto run = [&] {
    Tape tape;
    const Tensor a = sum(square(matmul(x, w))), b = sum(exp(matmul(y, w))), c = sum(w);
    return tape.gradient(a + b + c, {w})[0];
  };
  const Tensor plain = run();
  Log log;
  {
    const Observing watching(log);
    CHECK(equal(run(), plain));
  }
  CHECK(log.fused == 2);  // both came after sum(w)'s
  const Tensor g = matmul(x, w), h = exp(matmul(y, w));
  const Tensor right = matmul(x.t(), g * 2) + matmul(y.t(), h) + 1;
  CHECK(allclose(plain, right, 1e-4, 1e-4));
}

TEST_CASE("several observers, and none after the scope") {
  Log a, b;
  const Tensor x = scalar(1).requires_grad_();
  {
    const Observing first(a);
    {
      const Observing second(b);
      Tape tape;
      const Tensor y = x * 2;
    }
    Tape tape;
    const Tensor y = x * 2;
  }
  Tape tape;
  const Tensor y = x * 2;
  CHECK(a.text == "record:leaf record:mul_scalar record:leaf record:mul_scalar ");
  CHECK(b.text == "record:leaf record:mul_scalar ");
}

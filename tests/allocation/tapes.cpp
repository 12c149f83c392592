// Tapes, derivatives, traces and in-place functions whose memory ends at any allocation.
#include <doctest/doctest.h>

#include <memory>

#include "allocation/failing.hpp"
#include "support.hpp"

using namespace gradus;
using failing::Attempt, failing::check, failing::Look;

namespace {

Tensor leaf() { return tensor({0.5, -1, 2}, f64).requires_grad_(); }

Attempt on(const Tensor& x, const std::function<void(Tensor&)>& call) {
  const auto held = std::make_shared<Tensor>(x);
  return {[held, call] { call(*held); }, [held](Look& look) { look(*held); }};
}

}  // namespace

TEST_CASE("a tape: all gradients arrive, or none") {
  check("backward", [] {
    return on(leaf(), [](Tensor& x) {
      Tape tape;
      tape.backward(sum(exp(x) * x));
      x.zero_grad();
    });
  });
  check("backward into gradients that are there", [] {
    Tensor a = leaf(), b = leaf();
    a.set_grad(ones_like(a));
    return Attempt{[a, b]() mutable {
                     Tape tape;
                     tape.backward(sum(a * b * a));
                   },
                   [a, b](Look& look) {
                     look(a);
                     look(b);
                   }};
  });
  check("a walk by steps", [] {
    return on(leaf(), [](Tensor& x) {
      Tape tape;
      BackwardPass pass(tape, sum(x * x));
      while (pass.step()) {}
      x.zero_grad();
    });
  });
  check("replay", [] {
    return on(leaf(), [](Tensor& x) {
      Tape tape({.replay = true});
      const Tensor y = sum(x * 3);
      (void)tape.replay();
    });
  });
  check("a long tape", [] {
    return on(leaf(), [](Tensor& x) {
      Tape tape;
      Tensor y = x;
      for (int i = 0; i < 300; ++i) y = y * 1.01;
      tape.gradient(sum(y), {x});
    });
  });
}

TEST_CASE("derivatives") {
  const auto f = [](const Tensor& x) { return sum(exp(x) * x); };
  check("value_and_grad", [&] { return on(leaf(), [&](Tensor& x) { value_and_grad([&] { return f(x); }, {x}); }); });
  check("hessian", [&] { return on(leaf(), [&](Tensor& x) { hessian([&] { return f(x); }, x); }); });
  check("jacobian", [&] { return on(leaf(), [&](Tensor& x) { jacobian([&] { return exp(x); }, x); }); });
  check("hvp", [&] { return on(leaf(), [&](Tensor& x) { hvp([&] { return f(x); }, {x}, {ones_like(x)}); }); });
  check("gradcheck", [&] { return on(tensor({0.5}, f64), [&](Tensor& x) { (void)gradcheck(f, {x}, {.order = 2}); }); });
}

TEST_CASE("in place: changed or not") {
  const Tensor other = tensor({1, 2, 3}, f64);
  check("fill_", [] { return on(zeros({3}), [](Tensor& x) { x.fill_(1); }); });
  check("copy_", [&] { return on(zeros({3}), [&](Tensor& x) { x.copy_(other); }); });
  check("copy_ over itself", [] {
    return on(arange(6).to(f64), [](Tensor& x) { x.reshape({2, 3}).permute({1, 0}).copy_(x.reshape({3, 2})); });
  });
  check("add_", [&] { return on(zeros({2, 3}, f64), [&](Tensor& x) { x.add_(other, 2); }); });
  check("set_name", [] { return on(zeros({3}), [](Tensor& x) { x.set_name(std::string(100, 'n')); }); });
  check("print", [&] { return Attempt{[&] { (void)to_string(other); }}; });
}

TEST_CASE("a trace") {
  const support::TempDir folder;
  const auto run = [&] {
    const study::Trace trace(folder / "t", {.checks = study::Checks::local});
    const Tensor x = leaf();
    Tape tape;
    tape.backward(sum(x * x));
  };
  check("Trace", [&] {
    // What its end could not do for want of memory is thrown at the next tape: here, not in the next attempt.
    try {
      run();
    } catch (const std::bad_alloc&) {}
    return Attempt{run};
  });
}

TEST_CASE("descents and slices") {
  const study::Surface s = study::surface("beale");
  check("descend", [&] {
    return Attempt{[&] {
      study::descend(s, "sgd",
                     [](const std::vector<Tensor>& p) { return optim::AnyOptimizer(optim::SGD(p, {.lr = 1e-3})); },
                     {.steps = 2});
    }};
  });
}

#include <cmath>

#include <gradus/ops.hpp>
#include <gradus/optim/lbfgs.hpp>

#include "optim/line_search.hpp"
#include "support.hpp"

using namespace gradus;
using namespace gradus::optim;

namespace {

// (1 - x)² + 100 (y - x²)²
Tensor rosenbrock(const Tensor& p) { return square(1.0 - p[0]) + 100.0 * square(p[1] - square(p[0])); }

struct Problem {
  Tensor p = tensor({-1.2, 1}, f64).requires_grad_();
  int calls = 0;
  auto closure() {
    return [this] {
      ++calls;
      p.zero_grad();
      Tape tape;
      const Tensor loss = rosenbrock(p);
      tape.backward(loss);
      return loss;
    };
  }
};

}  // namespace

TEST_CASE("LBFGS: the first step, by hand") {
  Tensor p = tensor({3, -1}, f64).requires_grad_();
  LBFGS opt({p}, {.lr = 0.5, .max_iter = 1});
  const double loss = opt.step([&] {
    opt.zero_grad();
    Tape tape;
    const Tensor y = sum(square(p));
    tape.backward(y);
    return y.item();
  });
  CHECK(loss == 10);
  // g = (6, -2), t = lr / |g|_1
  CHECK(p.at({0}) == doctest::Approx(3 - 0.5 / 8 * 6).epsilon(1e-15));
  CHECK(p.at({1}) == doctest::Approx(-1 + 0.5 / 8 * 2).epsilon(1e-15));
  CHECK(opt.evaluations() == 1);
}

TEST_CASE("LBFGS: finds the minimum of a quadratic once it knows its curvature") {
  Tensor a = tensor({4, 1}, f64).requires_grad_(), b = scalar(-3).requires_grad_();  // one of them in f32
  LBFGS opt({a, b}, {.line_search_fn = LineSearch::strong_wolfe});
  const auto closure = [&] {
    opt.zero_grad();
    Tape tape;
    const Tensor y = sum(tensor({1, 10}, f64) * square(a - 2)) + square(to(b, f64) + 1);
    tape.backward(y);
    return y.item();
  };
  opt.step(closure);
  CHECK(closure() < 1e-11);
  CHECK(a.at({1}) == doctest::Approx(2));
  CHECK(b.item() == doctest::Approx(-1));
}

TEST_CASE("LBFGS: Rosenbrock's valley, with the line search") {
  Problem problem;
  LBFGS opt({problem.p}, {.max_iter = 10, .tolerance_change = 1e-14, .line_search_fn = LineSearch::strong_wolfe});
  double loss = 1e9;
  for (int i = 0; i < 8; ++i) {
    const double next = opt.step(problem.closure());
    CHECK(next <= loss);
    loss = next;
  }
  CHECK(problem.p.at({0}) == doctest::Approx(1).epsilon(1e-6));
  CHECK(problem.p.at({1}) == doctest::Approx(1).epsilon(1e-6));
  CHECK(problem.calls == opt.evaluations());
  CHECK(problem.calls < 80);
}

TEST_CASE("LBFGS: max_eval and the tolerances end a step") {
  Problem problem;
  LBFGS opt({problem.p}, {.lr = 1e-3, .max_iter = 100, .max_eval = 7});
  opt.step(problem.closure());
  CHECK(problem.calls == 7);

  Problem still;
  still.p.copy_(tensor({1, 1}, f64));
  LBFGS settled({still.p});
  settled.step(still.closure());
  CHECK(still.calls == 1);
  CHECK(still.p.at({0}) == 1);
}

TEST_CASE("LBFGS: what was saved goes on bit by bit") {
  const LBFGSOptions options{.max_iter = 4, .history_size = 3, .line_search_fn = LineSearch::strong_wolfe};
  Problem one, two;
  LBFGS opt({one.p}, options);
  CHECK(opt.state_dict().empty());
  opt.step(one.closure());
  opt.step(one.closure());
  two.p.copy_(one.p);
  LBFGS other({two.p}, options);
  other.load_state_dict(opt.state_dict());
  LBFGS copy = opt;
  opt.step(one.closure());
  other.step(two.closure());
  CHECK(equal(one.p, two.p));
  CHECK(opt.evaluations() == other.evaluations());
  CHECK(copy.evaluations() < opt.evaluations());

  StateDict broken = opt.state_dict();
  std::erase_if(broken, [](auto& e) { return e.first == "old_stps"; });
  CHECK_SAYS(other.load_state_dict(broken), "'old_stps' is missing", "(3, 2)", "lbfgs.cpp");
  Tensor three = zeros({3}, f64).requires_grad_();
  CHECK_SAYS(LBFGS({three}).load_state_dict(opt.state_dict()), "'old_dirs' has the wrong shape", "(3, 2)", "(3, 3)");
}

TEST_CASE("LBFGS: a closure that throws leaves parameters and memory as they were") {
  Problem problem;
  LBFGS opt({problem.p}, {.line_search_fn = LineSearch::strong_wolfe});
  opt.step(problem.closure());
  const Tensor before = problem.p.clone();
  const auto evaluations = opt.evaluations();
  int left = 3;
  problem.p.set({0}, -1.5);
  const Tensor start = problem.p.clone();
  CHECK_THROWS_AS(opt.step([&] {
    if (--left == 0) throw std::runtime_error("no more");
    return problem.closure()();
  }),
                  std::runtime_error);
  CHECK(equal(problem.p, start));
  CHECK(opt.evaluations() == evaluations);
}

TEST_CASE("LBFGS: frozen parameters and those without gradient stay") {
  Problem problem;
  Tensor frozen = tensor({5}, f64), unused = tensor({7}, f64).requires_grad_();
  LBFGS opt({problem.p, frozen, unused}, {.max_iter = 3});
  opt.step(problem.closure());
  CHECK(frozen.item() == 5);
  CHECK(unused.item() == 7);
  CHECK(problem.p.at({0}) != -1.2);
}

TEST_CASE("LBFGS: errors") {
  Problem problem;
  LBFGS opt({problem.p});
  CHECK_SAYS(opt.step(), "LBFGS: one step evaluates the loss several times", "step([&]", "lbfgs.cpp");
  CHECK_SAYS(static_cast<OptimizerBase&>(opt).step(), "one step evaluates the loss several times");
  CHECK_SAYS(opt.step([] { return 1.0; }), "LBFGS: no parameter has a gradient");
  opt.add_group({zeros({1}, f64).requires_grad_()}, {});
  CHECK_SAYS(opt.step(problem.closure()), "one direction and one step length for all parameters", "2 groups");
}

TEST_CASE("strong_wolfe: its conditions hold at what it returns") {
  const auto search = [](auto f, auto slope, double t) {
    int tries = 0;
    const Probe start{0, f(0.0), slope(0.0), {}};
    const Probe p = strong_wolfe([&](double at) { return ++tries, Probe{at, f(at), slope(at), {}}; }, start, t, 1);
    CHECK(p.loss <= start.loss + 1e-4 * p.t * start.slope);
    CHECK(std::abs(p.slope) <= 0.9 * std::abs(start.slope));
    CHECK(tries <= 26);
    return p.t;
  };
  for (const double t : {1e-3, 0.1, 1.0, 3.0, 50.0}) {
    search([](double x) { return (x - 1) * (x - 1); }, [](double x) { return 2 * (x - 1); }, t);
    search([](double x) { return std::pow(x - 1, 4) - x; }, [](double x) { return 4 * std::pow(x - 1, 3) - 1; }, t);
    search([](double x) { return -std::sin(x) + 0.01 * x * x; }, [](double x) { return -std::cos(x) + 0.02 * x; }, t);
    // It ends in a NaN beyond 2: too far.
    search([](double x) { return -std::sqrt(2 - x) - x; }, [](double x) { return 0.5 / std::sqrt(2 - x) - 1; }, t);
  }
}

TEST_CASE("strong_wolfe: gives the best there is where no point will do") {
  const Probe start{0, 0, -1, {}};
  int tries = 0;
  const Probe far = strong_wolfe(
      [&](double t) {
        return ++tries, Probe{t, -t, -1, {}};
      },
      start, 1, 1);  // falls for ever
  CHECK(tries == 26);
  CHECK(far.loss < -1);
  const Probe none = strong_wolfe(
      [&](double t) {
        return Probe{t, t, 1, {}};
      },
      start, 1, 1);  // a wrong slope: it rises
  CHECK(none.t == 0);
}

// Descents: the reference runs are tests/tools/descend.cpp's; here their conditions, verdicts, noise and basins.
#include <gradus/study/descent.hpp>

#include <algorithm>
#include <cmath>

#include <gradus/ops.hpp>
#include <gradus/optim/optim.hpp>

#include "support.hpp"

using namespace gradus;
using namespace gradus::study;

namespace {

MakeOptimizer sgd(double lr, double momentum = 0) {
  return [=](const std::vector<Tensor>& p) {
    return optim::AnyOptimizer(optim::SGD(p, {.lr = lr, .momentum = momentum}));
  };
}

}  // namespace

TEST_CASE("condition: what, which way, how far") {
  CHECK(condition("f<1e-6")({0, 0}, 1e-7, 1));
  CHECK_FALSE(condition(" f < 1e-6 ")({0, 0}, 1e-6, 1));
  CHECK(condition("f<=1e-6")({0, 0}, 1e-6, 1));
  CHECK(condition("g<.1")({0, 0}, 5, 0.05));
  CHECK(condition("|y|>1")({0, -2}, 0, 0));
  CHECK_FALSE(condition("y>1")({0, -2}, 0, 0));
  CHECK(condition("x>=2")({2, 0}, 0, 0));
  for (const char* wrong : {"", "f", "f<", "f<x", "z<1", "|x<1", "f=1", "f<1e", "f<inf", "f<1 2", "<1"})
    CHECK_SAYS(condition(wrong), "condition:", "as in f<1e-6", "descent.cpp");
}

TEST_CASE("descend: every place, exactly as the formula has it") {
  const Surface s = surface("quadratic:1,10");
  const Path path = descend(s, "sgd", sgd(0.05), {.steps = 20});
  REQUIRE(path.places.size() == 21);
  double x = -4, y = 3;
  for (std::int64_t k = 0; k <= 20; ++k) {
    const Place& p = path.places[static_cast<std::size_t>(k)];
    CHECK(p.step == k);
    CHECK(p.at[0] == doctest::Approx(x).epsilon(1e-12));
    CHECK(p.at[1] == doctest::Approx(y).epsilon(1e-12));
    CHECK(p.f == doctest::Approx((x * x + 10 * y * y) / 2).epsilon(1e-12));
    CHECK(p.gradient[1] == doctest::Approx(10 * y).epsilon(1e-12));
    x *= 1 - 0.05, y *= 1 - 0.5;
  }
  CHECK(path.lr == 0.05);
  CHECK(*path.limit == doctest::Approx(0.2));
}

TEST_CASE("descend: what an optimizer remembers is there, by name") {
  const Surface s = surface("quadratic:1,10");
  const Path path = descend(s, "sgd", sgd(0.01, 0.9), {.steps = 3});
  REQUIRE(path.state_names == std::vector<std::string>{"momentum_buffer"});
  CHECK(path.places[0].state.empty());
  CHECK(path.places[1].state == std::vector<double>{-4, 30});
}

TEST_CASE("verdicts come from the whole path: swings that shrink, that stay, that grow; noise; the step of arrival") {
  const Surface ravine = surface("ravine");
  const auto run = [&](double lr, std::int64_t steps, double momentum = 0, double noise = 0) {
    return descend(ravine, "", sgd(lr, momentum), {.steps = steps, .noise = noise});
  };
  const double limit = ravine.minima.at(0).limit();
  CHECK(run(0.99 * limit, 200).verdict == study::Verdict::shrinks);
  CHECK(run(0.9999 * limit, 500).verdict == study::Verdict::shrinks);
  CHECK(run(limit, 200).verdict == study::Verdict::oscillates);
  CHECK(run(1.01 * limit, 100).verdict == study::Verdict::diverges);
  CHECK(run(0.99 * limit, 4000).verdict == study::Verdict::converges);
  CHECK(run(0.001 * limit, 100).verdict == study::Verdict::slow);
  CHECK(run(0.5 * limit, 200, 0.99).verdict == study::Verdict::shrinks);
  CHECK(run(0.5 * limit, 4000, 0, 5).verdict == study::Verdict::hovers);
  const auto newton = [](auto p) { return optim::AnyOptimizer(optim::Newton(p)); };
  const Path few = descend(surface("rosenbrock"), "", newton, {.steps = 20'000});
  CHECK(few.verdict == study::Verdict::converges);
  REQUIRE(few.arrived);
  CHECK(*few.arrived < 20);
  CHECK_PARTS(few.outcome(), "converges in ", std::to_string(*few.arrived) + " steps");
}

TEST_CASE("verdicts on heights alone, those of training") {
  const auto heights = [](auto f, int n = 40) {
    std::vector<double> h;
    for (int i = 0; i < n; ++i) h.push_back(f(i));
    return study::verdict_on(h);
  };
  CHECK(heights([](int i) { return 3 * std::exp(-0.02 * i); }) == study::Verdict::slow);
  CHECK(heights([](int i) { return 0.5 + 3 * std::exp(-0.5 * i); }) == study::Verdict::converges);
  CHECK(heights([](int i) { return 2.34 + std::exp(0.15 * i); }) == study::Verdict::diverges);
  CHECK(heights([](int i) { return 1 + 2 * std::exp(-0.6 * i) + 0.6 * (std::fmod(0.618034 * i, 1) - 0.5); }) ==
        study::Verdict::hovers);
  CHECK(heights([](int i) { return i == 20 ? std::nan("") : 1.0 / (i + 1); }) == study::Verdict::diverges);
  CHECK_SAYS(study::verdict_on({1, 2}), "verdict_on:", "2", "3 or more");
}

TEST_CASE("a flat minimum is one, and a divergence has the curvature of the place where it began") {
  const Surface flat = study::formula("x^4/4 + y^2/8");
  REQUIRE(flat.minima.size() == 1);
  CHECK(flat.minima[0].at[0] == 0);
  CHECK(flat.minima[0].at[1] == 0);
  CHECK(flat.minima[0].smallest == 0);
  CHECK(flat.minima[0].largest == doctest::Approx(0.25));
  const Path gone = descend(flat, "", sgd(0.51), {.start = Point{2, 2}, .steps = 200});
  CHECK(gone.verdict == study::Verdict::diverges);
  REQUIRE(gone.limit);
  CHECK(*gone.limit == doctest::Approx(2 / 12.0).epsilon(1e-3));
  CHECK(*gone.limit < gone.lr);
  CHECK(gone.limit_at == Point{2, 2});
  CHECK_PARTS(gone.outcome(), "lr 0.51", "2/λmax 0.1667 at (2, 2)");
  CHECK(study::formula("x^2 + 0 y").minima.empty());  // a valley
  REQUIRE(study::formula("x^2").minima.size() == 1);  // a curve
  CHECK(std::abs(study::formula("x^2").minima[0].at[0]) < 1e-12);
  CHECK(study::formula("x^4 + y^4").minima.size() <= 1);
  CHECK(study::formula("x^2 - y^4").minima.empty());
}

TEST_CASE("verdicts: slow, converges, oscillates, diverges, stops on a saddle, runs away") {
  const Surface bowl = surface("quadratic:1,10"), saddle = surface("saddle");
  const auto verdict = [&](double lr, std::int64_t steps = 100) {
    return descend(bowl, "", sgd(lr), {.steps = steps});
  };
  CHECK(verdict(0.02).verdict == study::Verdict::slow);
  CHECK(verdict(2 / 11.0).verdict == study::Verdict::converges);
  CHECK(verdict(0.2).verdict == study::Verdict::oscillates);
  CHECK(verdict(0.21).verdict == study::Verdict::diverges);
  CHECK_FALSE(verdict(0.21).cut);
  const Path gone = verdict(2, 1000);
  CHECK(gone.verdict == study::Verdict::diverges);
  CHECK(gone.cut);
  CHECK(gone.steps < 10);
  CHECK(std::isfinite(gone.end().f));
  CHECK_PARTS(gone.outcome(), "diverged at step " + std::to_string(gone.steps), "lr 2", "2/λmax 0.2");
  CHECK(descend(saddle, "", sgd(0.1), {.start = Point{1, 0}, .steps = 500}).verdict == study::Verdict::saddle);
  const Path away = descend(saddle, "", sgd(0.1), {.start = Point{1, 1e-3}, .steps = 5000});
  CHECK(away.verdict == study::Verdict::runs_away);
  CHECK_PARTS(away.outcome(), "runs away", "without end");
  CHECK_PARTS(descend(bowl, "", sgd(0.18), {.steps = 500, .until = condition("f<1e-6")}).outcome(), "f<1e-6 after ");
}

TEST_CASE("descend: a condition that holds at the start takes no step; an optimizer that gives up says why") {
  const Path none = descend(surface("quadratic:1,1"), "", sgd(0.1), {.until = condition("f<1e9")});
  CHECK(none.steps == 0);
  CHECK(none.reached);
  CHECK(none.places.size() == 1);
  const auto newton = [](const std::vector<Tensor>& p) { return optim::AnyOptimizer(optim::Newton(p)); };
  const Path stuck = descend(formula("x^2 + y"), "newton", newton);
  CHECK(stuck.steps == 0);
  CHECK_PARTS(stuck.outcome(), "gave up after 0 steps", "singular");
  CHECK_SAYS(descend(surface("beale"), "", sgd(0.1), {.steps = 0}), "steps is out of range", "descent.cpp");
  CHECK_SAYS(descend(formula("log(x) + y^2"), "", sgd(0.1), {.start = Point{-1, 0}}), "not finite at the start");
}

TEST_CASE("descend: noise has the deviation asked for, and the same seed gives the same path") {
  // On a plane of slope 0 each step is the noise alone.
  const Surface flat = formula("0 x");
  const auto run = [&](std::uint64_t seed) {
    return descend(flat, "", sgd(1), {.start = Point{0, 0}, .steps = 4000, .noise = 0.5, .seed = seed});
  };
  const Path path = run(3);
  double sum = 0, squares = 0;
  for (std::size_t i = 1; i < path.places.size(); ++i)
    for (const int k : {0, 1}) {
      const double step = path.places[i].at[k] - path.places[i - 1].at[k];
      sum += step, squares += step * step;
    }
  CHECK(std::abs(sum / 8000) < 0.02);
  CHECK(std::sqrt(squares / 8000) == doctest::Approx(0.5).epsilon(0.03));
  CHECK(run(3).end().at == path.end().at);
  CHECK(run(4).end().at != path.end().at);
}

TEST_CASE("descend: of a very long run a part is kept, with both ends") {
  const Path path = descend(surface("quadratic:1,1"), "", sgd(1e-4), {.steps = 50'001});
  CHECK(path.steps == 50'001);
  CHECK(path.places.size() <= 20'001);
  CHECK(path.places.front().step == 0);
  CHECK(path.end().step == 50'001);
  CHECK(std::ranges::is_sorted(path.places, std::less<>(), &Place::step));
  CHECK(path.end().at[0] == doctest::Approx(-4 * std::pow(1 - 1e-4, 50'001)).epsilon(1e-9));
}

TEST_CASE("descend: works beside a live tape and with an optimizer of one's own") {
  struct Half {
    double lr = 0.5;
  };
  struct Halving : optim::Optimizer<Half> {
    using Optimizer::Optimizer;
    void update(Tensor& p, const Tensor&, optim::State&, const Half& o) override { p.mul_(o.lr); }
  };
  const Tape tape;
  const Path path = descend(surface("beale"), "halving",
                            [](const std::vector<Tensor>& p) { return optim::AnyOptimizer(Halving(p)); }, {.steps = 3});
  CHECK(path.name == "halving");
  CHECK(path.end().at == Point{0.125, 0.125});
  CHECK(tape.size() == 0);
}

TEST_CASE("basins: all points at once end where each by itself ends") {
  const Surface s = surface("himmelblau");
  const Basins together = basins(s, sgd(0.01), {.n = 12, .steps = 200});
  const Basins apart = basins(s, sgd(0.01), {.n = 12, .steps = 200, .elementwise = false});
  CHECK(together.to == apart.to);
  CHECK(together.steps == apart.steps);
  for (const int m : {0, 1, 2, 3}) CHECK(std::ranges::count(together.to, m) > 20);
  // A corner of the plane where the first step already leaves.
  Surface wide = s;
  wide.window = {-60, 60, -60, 60};
  const Basins far = basins(wide, sgd(0.01), {.n = 12, .steps = 50});
  CHECK(far.to.front() == -2);
  CHECK_SAYS(basins(s, sgd(0.01), {.n = 1}), "the grid or the number of steps is out of range");
}

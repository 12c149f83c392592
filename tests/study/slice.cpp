// A network's landscape: directions, planes, the centre, and everything as it was afterwards.
#include <gradus/study/slice.hpp>

#include <cmath>
#include <numbers>

#include <gradus/nn/nn.hpp>
#include <gradus/ops.hpp>
#include <gradus/optim/optim.hpp>

#include "derivatives/flat.hpp"
#include "support.hpp"

using namespace gradus;

namespace {

struct Problem {
  nn::Sequential net;
  Tensor x, y;
  explicit Problem(DType dtype = f64,
                   nn::Sequential layers = nn::Sequential(nn::Linear(2, 6), nn::Tanh(), nn::Linear(6, 1)))
      : net(std::move(layers)), x(randn({20, 2}, dtype)), y(sum(x * x, {1}, true)) {
    net.to(dtype);
  }
  Tensor loss() { return mse_loss(net(x), y); }
};

std::vector<Tensor> copies(const nn::ModuleBase& net) {
  std::vector<Tensor> all;
  for (const auto& [name, t] : net.state_dict()) all.push_back(t.detach().clone());
  return all;
}
bool same(const nn::ModuleBase& net, const std::vector<Tensor>& before) {
  const std::vector<Tensor> now = copies(net);
  for (std::size_t i = 0; i < now.size(); ++i)
    if (!equal(now[i], before[i])) return false;
  return now.size() == before.size();
}

}  // namespace

TEST_CASE("filter_normalised: each row as long as the network's own, biases zero, by the seed") {
  manual_seed(1);
  const Problem p;
  const auto [a, b] = study::filter_normalised(p.net, 3);
  const std::vector<Tensor> parameters = p.net.parameters();
  for (const Tensor& direction : {a, b}) {
    const std::vector<Tensor> parts = detail::as_parts(direction, parameters);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].dim() < 2) {
        CHECK(equal(parts[i], zeros_like(parts[i])));
        continue;
      }
      const auto rows = [](const Tensor& t) { return sqrt(sum(square(t.detach()), {1})); };
      CHECK(allclose(rows(parts[i]), rows(parameters[i]), 1e-10, 1e-12));
    }
  }
  CHECK_FALSE(allclose(a, b));
  CHECK(equal(study::filter_normalised(p.net, 3)[0], a));
  CHECK_FALSE(equal(study::filter_normalised(p.net, 4)[0], a));
}

TEST_CASE("slice: the middle is the loss, corners are where the directions lead, all is as it was") {
  for (const DType dtype : {f64, f32}) {
    manual_seed(2);
    Problem p(dtype);
    const double here = p.loss().item();
    const auto before = copies(p.net);
    const auto counter = default_generator().counter();
    const study::Landscape l = study::slice(p.net, [&] { return p.loss(); }, {.points = 9, .range = 0.5, .seed = 7});
    CHECK(same(p.net, before));
    CHECK(default_generator().counter() == counter);
    CHECK(l.grid.columns == 9);
    CHECK(std::abs(l.grid.f[4 * 9 + 4] - here) <= 1e-12);

    const auto [a, b] = study::filter_normalised(p.net, 7);
    const Tensor corner = study::snapshot(p.net) + a * 0.5 + b * -0.5;  // the lower right
    const std::vector<Tensor> parts = detail::as_parts(corner, p.net.parameters());
    for (std::size_t i = 0; i < parts.size(); ++i) p.net.parameters()[i].copy_(parts[i]);
    CHECK(l.grid.f[8] == doctest::Approx(p.loss().item()).epsilon(1e-12));
    CHECK(l.svg() == study::Landscape(l).svg());
  }
}

TEST_CASE("slice: the way of training on its own plane, beside what a random walk would have") {
  manual_seed(3);
  Problem p;
  optim::SGD opt(p.net, {.lr = 0.05, .momentum = 0.5});
  std::vector<Tensor> way{study::snapshot(p.net)};
  std::vector<double> losses{p.loss().item()};
  for (int i = 0; i < 25; ++i) {
    opt.zero_grad();
    Tape tape;
    const Tensor loss = mse_loss(p.net(p.x), p.y);
    tape.backward(loss);
    opt.step();
    way.push_back(study::snapshot(p.net));
    const NoRecord pause;
    losses.push_back(p.loss().item());
  }
  const auto before = copies(p.net);
  const study::Landscape l = study::slice(p.net, [&] { return p.loss(); }, {.points = 7, .trajectory = way});
  CHECK(same(p.net, before));
  REQUIRE(l.paths.size() == 1);
  const study::Path& path = l.paths[0];
  REQUIRE(path.places.size() == 26);
  for (std::size_t i = 0; i < 26; ++i) {
    CHECK(path.places[i].f == doctest::Approx(losses[i]).epsilon(1e-12));
    CHECK(l.window.contains(path.places[i].at));
  }
  CHECK(std::hypot(path.end().at[0], path.end().at[1]) < 1e-12);  // the network as it is lies at 0
  CHECK_PARTS(l.facts[0], "variance explained ");
  CHECK_PARTS(l.facts[1], "random walk", "60.8 %", "15.2 %");
  CHECK(support::contains(l.html(), "PC 1"));
}

TEST_CASE("principal_plane: of points made in a plane, and of a random walk") {
  manual_seed(4);
  const Tensor u = randn({50}, f64), v = randn({50}, f64), origin = randn({50}, f64);
  std::vector<Tensor> flat, walk;
  for (int i = 0; i < 12; ++i) flat.push_back(origin + u * std::sin(i) * 3.0 + v * std::cos(2.1 * i));
  const study::Plane plane = study::principal_plane(flat);
  CHECK(plane.explained[0] + plane.explained[1] == doctest::Approx(1).epsilon(1e-10));
  CHECK(plane.explained[0] > plane.explained[1]);
  const auto dot = [](const Tensor& a, const Tensor& b) { return sum(a * b).item(); };
  CHECK(dot(plane.directions[0], plane.directions[0]) == doctest::Approx(1));
  CHECK(std::abs(dot(plane.directions[0], plane.directions[1])) < 1e-10);

  Tensor at = zeros({20'000}, f64);
  for (int i = 0; i < 200; ++i) walk.push_back(at), at = at + randn({20'000}, f64);
  const study::Plane random = study::principal_plane(walk);
  const double baseline = 6 / (std::numbers::pi * std::numbers::pi);
  CHECK(random.explained[0] == doctest::Approx(baseline).epsilon(0.03));
  CHECK(random.explained[1] == doctest::Approx(baseline / 4).epsilon(0.05));
}

TEST_CASE("slice: a loss that is not deterministic is refused, and what throws changes nothing") {
  manual_seed(5);
  Problem p(f64, nn::Sequential(nn::Linear(2, 8), nn::Dropout(0.5), nn::Linear(8, 1)));
  const auto before = copies(p.net);
  const auto counter = default_generator().counter();
  CHECK_SAYS(study::slice(p.net, [&] { return p.loss(); }), "slice: the loss differs between two calls",
             "call net.eval()", "slice.cpp");
  CHECK(default_generator().counter() == counter);
  p.net.eval();
  CHECK_NOTHROW(study::slice(p.net, [&] { return p.loss(); }, {.points = 3}));
  int calls = 0;
  CHECK_THROWS_AS(study::slice(p.net,
                               [&]() -> Tensor {
                                 if (++calls == 6) throw std::runtime_error("no more");
                                 return p.loss();
                               }),
                  std::runtime_error);
  CHECK(same(p.net, before));
}

TEST_CASE("slice: buffers are put back, and wrong options are refused") {
  manual_seed(6);
  Problem p(f64, nn::Sequential(nn::Linear(2, 4), nn::BatchNorm1d(4), nn::Linear(4, 1)));
  const auto before = copies(p.net);  // training mode: each call moves the running averages
  study::slice(p.net, [&] { return p.loss(); }, {.points = 3});
  CHECK(same(p.net, before));
  const auto loss = [&] { return p.loss(); };
  CHECK_SAYS(study::slice(p.net, loss, {.points = 4}), "points or range is out of range", "4 points");
  CHECK_SAYS(study::slice(p.net, loss, {.range = 0}), "range 0");
  const Tensor s = study::snapshot(p.net);
  CHECK_SAYS(study::slice(p.net, loss, {.trajectory = {s, s}}), "3 to 500 snapshots", "2 snapshots");
  CHECK_SAYS(study::slice(p.net, loss, {.trajectory = {s, s, s}}), "do not span a plane");
  const std::vector<Tensor> other{randn({5}, f64), randn({5}, f64), randn({5}, f64)};
  CHECK_SAYS(study::slice(p.net, loss, {.trajectory = other}), "another size than this network", "5 numbers");
}

// Where a descent from each point of a grid ends: all points in one tensor where the optimizer allows it.
#include <algorithm>
#include <cmath>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>
#include <gradus/study/descent.hpp>

#include "tape/guards.hpp"
#include "tensor/format.hpp"

namespace gradus::study {
namespace {

// The points of the grid, one row of x and one of y.
std::vector<double> grid(const Window& w, int n) {
  const auto count = static_cast<std::size_t>(n) * static_cast<std::size_t>(n);
  std::vector<double> p(2 * count);
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) {
      const auto k = static_cast<std::size_t>(j * n + i);
      p[k] = w.left + w.width() * (i + 0.5) / n;
      p[count + k] = w.bottom + w.height() * (j + 0.5) / n;
    }
  return p;
}

struct Watch {
  const Surface& s;
  double radius;
  Basins& b;

  // Notes where the points first, first + 1, … are after `step` steps; true while one of them has not arrived.
  bool look(std::span<const double> x, std::span<const double> y, std::size_t first, int step) const {
    bool moving = false;
    for (std::size_t k = 0; k < x.size(); ++k) {
      int& to = b.to[first + k];
      const int before = to;
      to = -1;
      if (!(std::abs(x[k]) < 1e6 && std::abs(y[k]) < 1e6)) to = -2;
      for (std::size_t m = 0; m < s.minima.size(); ++m)
        if (std::hypot(x[k] - s.minima[m].at[0], y[k] - s.minima[m].at[1]) < radius) to = static_cast<int>(m);
      if (to != before) b.steps[first + k] = step;
      moving = moving || to == -1;
    }
    return moving;
  }
};

// All steps for the points in p (2, m), as one long tensor.
void go(const Surface& s, const MakeOptimizer& make, std::int64_t steps, const Tensor& p, std::size_t first,
        const Watch& watch) {
  optim::AnyOptimizer opt = make({p});
  const auto m = static_cast<std::size_t>(p.numel() / 2);
  const auto look = [&](std::int64_t step) {
    const auto numbers = p.data<double>();
    return watch.look(numbers.first(m), numbers.last(m), first, static_cast<int>(step));
  };
  bool moving = look(0);
  for (std::int64_t k = 1; k <= steps && moving; ++k) {
    try {
      opt.step([&] { return sum(s.f(select(p, 0, 0), select(p, 0, 1))); });
    } catch (const Error&) { return; }  // Newton at a singular place: the point stays there
    moving = look(k);
  }
}

}  // namespace

Basins basins(const Surface& s, const MakeOptimizer& make, const BasinOptions& o, Loc where) {
  const At at(where);
  const gradus::detail::Aside aside;
  if (o.n < 2 || o.n > 1000 || o.steps < 1)
    throw Error("basins",
                {.wrong = "the grid or the number of steps is out of range",
                 .got = formatted("{} points across, {} steps", o.n, o.steps),
                 .expected = "2 to 1000 points, 1 step or more"},
                gradus::detail::user_line(where));
  const auto count = static_cast<std::size_t>(o.n) * static_cast<std::size_t>(o.n);
  Basins b{o.n, std::vector<int>(count, -1), std::vector<int>(count, 0)};
  const Watch watch{s, 0.01 * std::hypot(s.window.width(), s.window.height()), b};
  const std::vector<double> points = grid(s.window, o.n);
  if (o.elementwise) {
    go(s, make, o.steps, from_data(points, {2, static_cast<std::int64_t>(count)}).requires_grad_(), 0, watch);
  } else {
    for (std::size_t k = 0; k < count; ++k)
      go(s, make, o.steps, from_data(std::vector{points[k], points[count + k]}, {2}).requires_grad_(), k, watch);
  }
  return b;
}

}  // namespace gradus::study

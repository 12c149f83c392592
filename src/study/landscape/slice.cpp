// The loss over a plane through a network's weights, and the planes.
#include <gradus/study/slice.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "derivatives/flat.hpp"
#include "kernels/random.hpp"
#include "tape/guards.hpp"
#include "tensor/format.hpp"

namespace gradus::study {
namespace {

double dot(const Tensor& a, const Tensor& b) { return sum(a * b).item(); }

// Restores parameters, buffers and the random generator at the end of the scope.
class Restored {
 public:
  explicit Restored(const nn::ModuleBase& net)
      : live_(net.state_dict()), seed_(default_generator().seed()), counter_(default_generator().counter()) {
    for (const auto& [name, tensor] : live_) kept_.push_back(clone(tensor.detach()));
  }
  ~Restored() {
    for (std::size_t i = 0; i < kept_.size(); ++i) live_[i].second.copy_(kept_[i]);
    default_generator().reset(seed_, counter_);
  }
  Restored(const Restored&) = delete;
  Restored& operator=(const Restored&) = delete;

 private:
  StateDict live_;
  std::vector<Tensor> kept_;
  std::uint64_t seed_, counter_;
};

// The network at places of the plane.
class Walker {
 public:
  Walker(const nn::ModuleBase& net, const Objective& loss, std::array<Tensor, 2> directions)
      : parameters_(net.parameters()),
        loss_(loss),
        start_(gradus::detail::as_vector(parameters_)),
        directions_(std::move(directions)) {}

  double at(Point p) { return loss_at(start_ + directions_[0] * p[0] + directions_[1] * p[1]); }
  double loss_at(const Tensor& weights) {
    const std::vector<Tensor> parts = gradus::detail::as_parts(weights, parameters_);
    for (std::size_t i = 0; i < parts.size(); ++i) parameters_[i].copy_(parts[i]);
    return loss_().item();
  }
  Point place(const Tensor& weights) const {
    const Tensor way = weights - start_;
    return {dot(way, directions_[0]), dot(way, directions_[1])};
  }

 private:
  std::vector<Tensor> parameters_;
  const Objective& loss_;
  Tensor start_;
  std::array<Tensor, 2> directions_;
};

// The two largest eigenvalues of a small symmetric matrix, with their vectors, by Jacobi's rotations.
struct Eigen {
  std::vector<double> values;
  std::vector<std::vector<double>> vectors;
};
Eigen eigen(std::vector<std::vector<double>> a) {
  const std::size_t n = a.size();
  std::vector<std::vector<double>> v(n, std::vector<double>(n, 0));
  for (std::size_t i = 0; i < n; ++i) v[i][i] = 1;
  for (int sweep = 0; sweep < 60; ++sweep) {
    double off = 0, on = 0;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) (i == j ? on : off) += a[i][j] * a[i][j];
    if (off <= 1e-26 * on) break;
    for (std::size_t p = 0; p < n; ++p)
      for (std::size_t q = p + 1; q < n; ++q) {
        if (a[p][q] == 0) continue;
        const double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
        const double c = 1 / std::sqrt(t * t + 1), s = t * c;
        for (std::size_t k = 0; k < n; ++k) {
          const double x = a[k][p], y = a[k][q];
          a[k][p] = c * x - s * y;
          a[k][q] = s * x + c * y;
        }
        for (std::size_t k = 0; k < n; ++k) {
          const double x = a[p][k], y = a[q][k];
          a[p][k] = c * x - s * y;
          a[q][k] = s * x + c * y;
          const double z = v[p][k], w = v[q][k];
          v[p][k] = c * z - s * w;
          v[q][k] = s * z + c * w;
        }
      }
  }
  Eigen e;
  std::vector<std::size_t> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = i;
  std::ranges::sort(order, std::greater<>(), [&](std::size_t i) { return a[i][i]; });
  for (const std::size_t i : order) {
    e.values.push_back(a[i][i]);
    e.vectors.push_back(v[i]);
  }
  return e;
}

// A window around the way, with the network, at 0, inside.
Window around(const std::vector<Point>& way) {
  Window w{0, 0, 0, 0};
  for (const Point p : way) {
    w.left = std::min(w.left, p[0]);
    w.right = std::max(w.right, p[0]);
    w.bottom = std::min(w.bottom, p[1]);
    w.top = std::max(w.top, p[1]);
  }
  const double size = std::max({w.width(), w.height(), 1e-12});
  const double x = std::max(0.15 * w.width(), 0.5 * (0.6 * size - w.width()));
  const double y = std::max(0.15 * w.height(), 0.5 * (0.6 * size - w.height()));
  return {w.left - x, w.right + x, w.bottom - y, w.top + y};
}

void check(const SliceOptions& o, Walker& walker, Loc where) {
  if (o.points < 3 || o.points > 401 || o.points % 2 == 0 || !(o.range > 0))
    throw Error("slice",
                {.wrong = "points or range is out of range",
                 .got = formatted("{} points, range {}", o.points, o.range),
                 .expected = "an odd number of points from 3 to 401, and a range above 0"},
                where);
  const double once = walker.at(Point{0, 0}), again = walker.at(Point{0, 0});
  if (once != again && !(std::isnan(once) && std::isnan(again)))
    throw Error("slice",
                {.wrong = "the loss differs between two calls with the same weights",
                 .got = formatted("{} and {}", once, again),
                 .advice = "call net.eval(), which switches dropout off, and use the same batch each time"},
                where);
}

}  // namespace

Tensor snapshot(const nn::ModuleBase& net) {
  const NoRecord pause;
  return clone(gradus::detail::as_vector(net.parameters()).detach());
}

std::array<Tensor, 2> filter_normalised(const nn::ModuleBase& net, std::uint64_t seed) {
  const NoRecord pause;
  std::array<Tensor, 2> directions;
  std::uint64_t counter = 0;
  for (Tensor& direction : directions) {
    std::vector<Tensor> parts;
    for (const Tensor& p : net.parameters()) {
      if (p.dim() < 2) {
        parts.push_back(zeros(p.shape(), f64));
        continue;
      }
      std::vector<double> numbers(static_cast<std::size_t>(p.numel()));
      kernels::normal(seed, counter, p.numel(), numbers.data());
      counter += static_cast<std::uint64_t>(p.numel());
      const Tensor d = from_data(numbers, {p.size(0), p.numel() / p.size(0)});
      const Tensor w = to(p.detach(), f64).reshape(d.shape());
      const auto length = [](const Tensor& rows) { return sqrt(sum(square(rows), {1}, true)); };
      parts.push_back(d * (length(w) / length(d)));
    }
    direction = gradus::detail::as_vector(parts);
  }
  return directions;
}

Plane principal_plane(const std::vector<Tensor>& trajectory, Loc where) {
  const NoRecord pause;
  const std::size_t n = trajectory.size();
  bool fits = n >= 3 && n <= 500;
  for (const Tensor& t : trajectory) fits = fits && t.defined() && t.dim() == 1 && t.shape() == trajectory[0].shape();
  if (!fits)
    throw Error("principal_plane",
                {.wrong = "the trajectory is not valid",
                 .got = formatted("{} snapshots", n),
                 .expected = "3 to 500 snapshots of one network",
                 .advice = "push_back(study::snapshot(net)) while training"},
                gradus::detail::user_line(where));
  const Tensor all = to(stack(trajectory), f64), centred = all - mean(all, {0}, true);
  const std::vector<double> products = matmul(centred, centred.t()).to_vector();
  std::vector<std::vector<double>> gram(n, std::vector<double>(n));
  double total = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) gram[i][j] = products[i * n + j];
    total += gram[i][i];
  }
  const Eigen e = eigen(std::move(gram));
  Plane plane;
  for (std::size_t k = 0; k < 2; ++k) {
    const Tensor d = matmul(from_data(e.vectors[k], {static_cast<std::int64_t>(n)}), centred);
    const double length = std::sqrt(dot(d, d));
    if (!(length > 1e-12 * std::sqrt(total)) || !(total > 0))
      throw Error("principal_plane",
                  {.wrong = "the snapshots do not span a plane", .got = formatted("{} along a line, or all equal", n)},
                  gradus::detail::user_line(where));
    plane.directions[k] = d * (1 / length);
    plane.explained[k] = e.values[k] / total;
  }
  return plane;
}

Landscape slice(const nn::ModuleBase& net, const Objective& loss, const SliceOptions& o, Loc where) {
  const At at(where);
  where = gradus::detail::user_line(where);
  if (!loss)
    throw Error("slice", {.wrong = "the loss is an empty function", .expected = "a function that returns one number"},
                where);
  const gradus::detail::Aside aside;
  const Restored restored(net);
  const bool has_way = !o.trajectory.empty();
  Plane plane;
  if (has_way)
    plane = principal_plane(o.trajectory, where);
  else
    plane.directions = filter_normalised(net, o.seed);
  if (plane.directions[0].numel() != snapshot(net).numel())
    throw Error("slice",
                {.wrong = "the snapshots have another size than this network",
                 .got = formatted("{} numbers", plane.directions[0].numel()),
                 .expected = formatted("{} numbers", snapshot(net).numel())},
                where);
  Walker walker(net, loss, plane.directions);
  check(o, walker, where);

  Landscape l{.title = "loss landscape", .formula = std::string(net.type()), .x_name = "α", .y_name = "β"};
  const double here = walker.at(Point{0, 0});
  if (has_way) {
    l.x_name = "PC 1";
    l.y_name = "PC 2";
    Path path{.name = "training"};
    std::vector<Point> way;
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    for (std::size_t i = 0; i < o.trajectory.size(); ++i) {
      way.push_back(walker.place(o.trajectory[i]));
      path.places.push_back({static_cast<std::int64_t>(i), way.back(), walker.loss_at(o.trajectory[i]), {none, none}});
    }
    path.steps = static_cast<std::int64_t>(way.size()) - 1;
    std::vector<double> heights;
    for (const Place& p : path.places) heights.push_back(p.f);
    path.verdict = verdict_on(heights);
    l.window = around(way);
    l.paths.push_back(std::move(path));
    constexpr double walk = 6 / (std::numbers::pi * std::numbers::pi);
    l.facts.push_back(
        formatted("variance explained {:.1f} % + {:.1f} %", 100 * plane.explained[0], 100 * plane.explained[1]));
    l.facts.push_back(formatted("a random walk has {:.1f} % + {:.1f} %", 100 * walk, 100 * walk / 4));
  } else {
    l.window = {-o.range, o.range, -o.range, o.range};
    l.facts.push_back(formatted("filter-normalised random directions, seed {}", o.seed));
  }
  l.facts.push_back(formatted("loss here {:.6g}", here));
  l.grid = {o.points, o.points, {}};
  const int middle = o.points / 2;
  for (int j = 0; j < o.points; ++j)
    for (int i = 0; i < o.points; ++i) {
      // The middle is exactly 0, the corners are exactly the window's.
      const auto along = [&](int k, double low, double high) {
        return k == middle && low == -high ? 0 : low + (high - low) * k / (o.points - 1);
      };
      l.grid.f.push_back(walker.at({along(i, l.window.left, l.window.right), along(j, l.window.bottom, l.window.top)}));
    }
  return l;
}

}  // namespace gradus::study

// Marching squares over a grid of heights, levels for the contours, and fewer points for a line.
#include "study/landscape/contour.hpp"
#include "tensor/number.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace gradus::study {
namespace {

// The grid with a rim of low points around it, each in the place of its neighbour inside.
class Rimmed {
 public:
  explicit Rimmed(const Grid& grid) : grid_(grid), columns(grid.columns + 2), rows(grid.rows + 2) {}

  double f(int i, int j) const {
    if (i == 0 || j == 0 || i == columns - 1 || j == rows - 1) return -detail::infinity;
    const double value = grid_.f[static_cast<std::size_t>((j - 1) * grid_.columns + i - 1)];
    return std::isnan(value) ? detail::infinity : value;
  }
  Point place(int i, int j) const {
    return {static_cast<double>(std::clamp(i - 1, 0, grid_.columns - 1)),
            static_cast<double>(std::clamp(j - 1, 0, grid_.rows - 1))};
  }

 private:
  const Grid& grid_;

 public:
  int columns, rows;
};

// An edge of a cell: to the right of a point, or above it.
struct Edge {
  int i, j;
  bool up;
};

// For each of the 16 ways in which the corners of a cell can be above, edges where the outline enters and leaves, with
// what is above on its left. Edges: 0 below, 1 right, 2 on top, 3 left; corners from the lower left, against the clock.
constexpr int none = -1;
constexpr int ways[16][4] = {
    {none},       {0, 3, none}, {1, 0, none}, {1, 3, none}, {2, 1, none}, {0, 1, 2, 3}, {2, 0, none}, {2, 3, none},
    {3, 2, none}, {0, 2, none}, {1, 2, 3, 0}, {1, 2, none}, {3, 1, none}, {0, 1, none}, {3, 0, none}, {none},
};

Point crossing(const Rimmed& g, Edge e, double level) {
  const int i = e.up ? e.i : e.i + 1, j = e.up ? e.j + 1 : e.j;
  const double a = g.f(e.i, e.j), b = g.f(i, j);
  double t = (level - a) / (b - a);
  if (!std::isfinite(a) || !std::isfinite(b) || !std::isfinite(t)) t = 0.5;
  const Point p = g.place(e.i, e.j), q = g.place(i, j);
  return {p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])};
}

double from_line(Point p, Point a, Point b) {
  const double dx = b[0] - a[0], dy = b[1] - a[1], l = std::hypot(dx, dy);
  if (l == 0) return std::hypot(p[0] - a[0], p[1] - a[1]);
  const double t = std::clamp(((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / (l * l), 0.0, 1.0);
  return std::hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy);
}

}  // namespace

std::vector<Outline> above(const Grid& grid, double level) {
  const Rimmed g(grid);
  const auto number = [&](Edge e) { return 2 * (e.j * g.columns + e.i) + (e.up ? 1 : 0); };
  const auto edge = [&](int n) { return Edge{n / 2 % g.columns, n / 2 / g.columns, n % 2 == 1}; };
  std::unordered_map<int, int> next;  // from the edge where a piece begins to where it ends
  std::vector<int> order;             // as they were met, so that the result is always the same
  for (int j = 0; j + 1 < g.rows; ++j)
    for (int i = 0; i + 1 < g.columns; ++i) {
      const double corner[4] = {g.f(i, j), g.f(i + 1, j), g.f(i + 1, j + 1), g.f(i, j + 1)};
      int kind = 0;
      for (int k = 0; k < 4; ++k) kind |= (corner[k] >= level) << k;
      const Edge edges[4] = {{i, j, false}, {i + 1, j, true}, {i, j + 1, false}, {i, j, true}};
      const int* way = ways[kind];
      int joined[4];
      // Two opposite corners: whether they are joined, the middle decides.
      if ((kind == 5 || kind == 10) && (corner[0] + corner[1] + corner[2] + corner[3]) / 4 < level) {
        const int apart[2][4] = {{0, 3, 2, 1}, {1, 0, 3, 2}};
        std::copy_n(apart[kind == 10], 4, joined);
        way = joined;
      }
      for (int k = 0; k < 4 && way[k] != none; k += 2) {
        const int from = number(edges[way[k]]);
        next.emplace(from, number(edges[way[k + 1]]));
        order.push_back(from);
      }
    }
  std::vector<Outline> outlines;
  for (const int start : order) {
    Outline line;
    for (int at = start;;) {
      const auto piece = next.find(at);
      if (piece == next.end()) break;
      line.push_back(crossing(g, edge(at), level));
      at = piece->second;
      next.erase(piece);
    }
    if (line.size() > 2) outlines.push_back(std::move(line));
  }
  return outlines;
}

std::vector<double> levels(const Grid& grid, int count, bool has_minimum) {
  std::vector<double> f;
  for (const double value : grid.f)
    if (std::isfinite(value)) f.push_back(value);
  if (f.empty()) return {};
  std::sort(f.begin(), f.end());
  std::vector<double> chosen;
  for (int k = 1; k <= count; ++k) {
    const double share = static_cast<double>(k) / (count + 1), q = has_minimum ? share * share : share;
    const double level = f[static_cast<std::size_t>(q * static_cast<double>(f.size() - 1))];
    if (level > f.front() && (chosen.empty() || level > chosen.back())) chosen.push_back(level);
  }
  return chosen;
}

std::vector<Point> simplified(const std::vector<Point>& line, double tolerance) {
  if (line.size() < 3) return line;
  std::vector<bool> keep(line.size(), false);
  keep.front() = keep.back() = true;
  std::vector<std::pair<std::size_t, std::size_t>> spans{{0, line.size() - 1}};
  while (!spans.empty()) {
    const auto [first, last] = spans.back();
    spans.pop_back();
    std::size_t worst = first;
    double distance = tolerance;
    for (std::size_t i = first + 1; i < last; ++i)
      if (const double d = from_line(line[i], line[first], line[last]); d > distance) distance = d, worst = i;
    if (worst == first) continue;
    keep[worst] = true;
    spans.push_back({first, worst});
    spans.push_back({worst, last});
  }
  std::vector<Point> rest;
  for (std::size_t i = 0; i < line.size(); ++i)
    if (keep[i]) rest.push_back(line[i]);
  return rest;
}

}  // namespace gradus::study

// The known surfaces, surfaces from formulas, and the search for minima.
#include <gradus/study/surface.hpp>

#include <algorithm>
#include <cmath>

#include <gradus/curvature.hpp>
#include <gradus/op.hpp>
#include <gradus/ops.hpp>
#include <gradus/optim/newton.hpp>

#include "study/descent/formula.hpp"
#include "study/descent/one_variable.hpp"
#include "tape/guards.hpp"
#include "tensor/format.hpp"
#include "tensor/number.hpp"

namespace gradus::study {
namespace {

// To add a surface, add a row. Minima are given roughly; Newton's method makes them exact.
struct Row {
  const char* name;
  const char* formula;
  std::vector<Point> minima;
  Window window;
  Point start;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> table{
      {"rosenbrock", "(1 - x)^2 + 100 (y - x^2)^2", {{1, 1}}, {-2, 2, -1, 3}, {-1.2, 1}},
      {"beale",
       "(1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)^2",
       {{3, 0.5}},
       {-0.5, 4.5, -2, 1.75},
       {1, 1}},
      {"himmelblau",
       "(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
       {{3, 2}, {-2.805, 3.131}, {-3.779, -3.283}, {3.584, -1.848}},
       {-5.5, 5.5, -5.5, 5.5},
       {0, 0}},
      {"saddle", "(x^2 - y^2)/2", {}, {-2, 2, -2, 2}, {1.5, 1e-3}},
      {"ravine", "(x^2 + 100 y^2)/2", {{0, 0}}, {-10, 2, -2.5, 2.5}, {-9, 1}},
  };
  return table;
}

constexpr const char* quadratic = "(l1 x^2 + l2 y^2)/2";

double number(std::string_view text, std::string_view spec, Loc where) {
  const std::optional<double> value = gradus::detail::parse_number(text);
  if (!value || !(std::abs(*value) <= 1e6) || *value == 0)
    throw Error("surface",
                {.wrong = formatted("'{}' has an invalid curvature", spec.substr(0, 60)),
                 .got = formatted("'{}'", text.substr(0, 60)),
                 .expected = "two numbers other than 0, each at most 1e6 in size, as in quadratic:1,10"},
                where);
  return *value;
}

Surface make(const Row& row, Loc where) {
  Surface s{row.name, row.formula, parse_formula(row.formula, where), row.window, row.start};
  s.minima = minima_near(s, row.minima);
  return s;
}

Surface make_quadratic(std::string_view spec, std::string_view arguments, Loc where) {
  const auto comma = arguments.find(',');
  const double a = number(arguments.substr(0, comma), spec, where);
  const double b = number(comma == arguments.npos ? "" : arguments.substr(comma + 1), spec, where);
  const auto term = [](double factor, char variable) {
    return std::abs(factor) == 1 ? formatted("{}^2", variable) : formatted("{} {}^2", std::abs(factor), variable);
  };
  const std::string text = formatted("({}{} {} {})/2", a < 0 ? "-" : "", term(a, 'x'), b < 0 ? '-' : '+', term(b, 'y'));
  const Row row{"", text.c_str(), {}, {-5, 5, -4, 4}, {-4, 3}};
  Surface s = make(row, where);
  s.name = spec;
  s.minima = minima_near(s, {{0, 0}});
  return s;
}

Tensor point(Point p) { return from_data(std::span<const double>(p), {2}); }

}  // namespace

double Surface::at(Point p) const {
  const NoRecord pause;
  return f(scalar(p[0], f64), scalar(p[1], f64)).item();
}

std::vector<KnownSurface> surface_list() {
  std::vector<KnownSurface> list{{"quadratic:l1,l2", quadratic}};
  for (const Row& row : rows()) list.push_back({row.name, row.formula});
  return list;
}

Surface surface(std::string_view spec, Loc where) {
  where = gradus::detail::user_line(where);
  const auto colon = spec.find(':');
  const std::string_view name = spec.substr(0, colon);
  if (name == "quadratic") return make_quadratic(spec, colon == spec.npos ? "1,10" : spec.substr(colon + 1), where);
  for (const Row& row : rows()) {
    if (row.name != name) continue;
    if (colon != spec.npos)
      throw Error("surface", {.wrong = formatted("surface '{}' takes no numbers", name), .got = std::string(spec)},
                  where);
    return make(row, where);
  }
  std::string known;
  for (const KnownSurface& k : surface_list()) known += (known.empty() ? "" : ", ") + k.name;
  throw Error("surface",
              {.wrong = "unknown surface",
               .got = formatted("'{}'", spec.substr(0, 60)),
               .expected = known,
               .advice = "formula(\"x^2 + y^2\") makes a surface of your own"},
              where);
}

namespace {

// Where the Hessian has no curvature in some direction, f itself must grow in all of them.
bool lies_lowest(const Surface& s, Point at) {
  const double f = s.at(at), reach = 1e-2 * (1 + std::hypot(at[0], at[1]));
  for (int k = 0; k < 16; ++k) {
    const double angle = k * 3.14159265358979323846 / 8;
    for (const double d : {reach / 10, reach}) {
      const double there = s.at({at[0] + d * std::cos(angle), at[1] + d * std::sin(angle)});
      if (!(d == reach ? there > f : there >= f)) return false;
    }
  }
  return true;
}

// A coordinate that is 0 but for rounding.
Point tidied(const Surface& s, Point at) {
  for (std::size_t i = 0; i < 2; ++i) {
    Point other = at;
    other[i] = 0;
    if (std::abs(at[i]) < 1e-9 * (i ? s.window.height() : s.window.width()) && s.at(other) <= s.at(at)) at = other;
  }
  return at;
}

}  // namespace

std::vector<Minimum> minima_near(const Surface& s, const std::vector<Point>& places) {
  const gradus::detail::Aside aside;
  std::vector<Minimum> found;
  for (const Point& place : places) {
    Tensor p = point(place).requires_grad_();
    try {
      // At a flat minimum, as that of x^4, each step only goes a third of the way.
      optim::Newton newton({p});
      for (int i = 0; i < 100; ++i) {
        const Point before{p.at({0}), p.at({1})};
        newton.step([&] { return s(p); });
        if (std::hypot(p.at({0}) - before[0], p.at({1}) - before[1]) < 1e-15) break;
      }
    } catch (const Error&) {  // a singular Hessian: the place found so far is good enough
    }
    Point at{p.at({0}), p.at({1})};
    if (!std::isfinite(s.at(at))) continue;
    at = tidied(s, at);
    const double f = s.at(at);
    p = point(at).requires_grad_();
    const Tensor h = hessian([&] { return s(p); }, p), slope = jacobian([&] { return s(p); }, p);
    const NoRecord pause;
    const double largest = largest_eigenvalue([&] { return s(p); }, {p}).value;
    const double smallest = h.at({0, 0}) + h.at({1, 1}) - largest;
    const double steep = std::sqrt(sum(square(slope)).item());
    const bool stationary = steep <= 1e-6 * (1 + std::abs(f)) * (1 + std::abs(largest));
    const bool known = std::ranges::any_of(found, [&](const Minimum& m) {
      return std::hypot(m.at[0] - at[0], m.at[1] - at[1]) < 1e-5 * (1 + std::hypot(at[0], at[1]));
    });
    if (!stationary || known || !(largest > 0)) continue;
    const bool curved = smallest > 1e-9 * largest, flat = !curved && smallest > -1e-9 * largest && lies_lowest(s, at);
    if (curved || flat) found.push_back({at, f, largest, curved ? smallest : 0});
  }
  return found;
}

// Minima of a formula are looked for by going down from the points of a coarse grid.
Surface formula(std::string_view text, const Window& window, Loc where) {
  where = gradus::detail::user_line(where);
  Surface s{std::string(text), std::string(text), parse_formula(text, where), window};
  s.start = {window.left + 0.2 * window.width(), window.bottom + 0.7 * window.height()};
  if (is_of_one_variable(text)) {
    s.start[1] = 0;
    s.minima = minima_of_curve(s, window.left, window.right);
    return s;
  }
  constexpr int n = 40;
  std::vector<double> f(n * n);
  const auto place = [&](int i, int j) {
    return Point{window.left + window.width() * (i + 0.5) / n, window.bottom + window.height() * (j + 0.5) / n};
  };
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) f[static_cast<std::size_t>(j * n + i)] = s.at(place(i, j));
  std::vector<Point> lows;
  for (int j = 1; j + 1 < n; ++j)
    for (int i = 1; i + 1 < n; ++i) {
      const auto at = [&](int x, int y) { return f[static_cast<std::size_t>(y * n + x)]; };
      bool low = std::isfinite(at(i, j));
      for (int y = -1; y <= 1; ++y)
        for (int x = -1; x <= 1; ++x) low = low && !(at(i + x, j + y) < at(i, j));
      if (low && lows.size() < 100) lows.push_back(place(i, j));
    }
  s.minima = minima_near(s, lows);
  std::erase_if(s.minima, [&](const Minimum& m) { return !window.contains(m.at); });
  return s;
}

}  // namespace gradus::study

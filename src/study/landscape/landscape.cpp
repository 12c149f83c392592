// The heights of a surface over its window, and a landscape as CSV, JSON or a file.
#include <gradus/study/landscape.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <gradus/ops.hpp>

#include "io/file.hpp"
#include "io/json.hpp"
#include "study/descent/formula.hpp"
#include "tensor/format.hpp"
#include "tensor/impl.hpp"

namespace gradus::study {
namespace {

constexpr int across = 201;

using io::Json;

Json number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}
Json pair(Point p) { return {number(p[0]), number(p[1])}; }

// f over a grid of the window.
void draw_heights(Landscape& l, const Surface& s, double ratio) {
  const Window& w = l.window;
  l.grid = {across, static_cast<int>(across * ratio) | 1, {}};
  const Grid& g = l.grid;
  const Tensor x = linspace(w.left, w.right, g.columns, f64), y = linspace(w.bottom, w.top, g.rows, f64);
  const Shape shape{g.rows, g.columns};
  l.grid.f =
      s.f(expand(x.reshape({1, g.columns}), shape).contiguous(), expand(y.reshape({g.rows, 1}), shape).contiguous())
          .to_vector();
}

// f along x, and a window that shows all of it.
void draw_curve(Landscape& l, const Surface& s) {
  Window& w = l.window;
  l.y_name = "f";
  const Tensor x = linspace(w.left, w.right, 2 * across - 1, f64);
  l.grid = {2 * across - 1, 1, s.f(x, zeros_like(x)).to_vector()};
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double f : l.grid.f)
    if (std::isfinite(f)) low = std::min(low, f), high = std::max(high, f);
  if (!(high > low)) low = std::isfinite(low) ? low - 1 : -1, high = low + 2;
  w.bottom = low - 0.08 * (high - low);
  w.top = high + 0.06 * (high - low);
}

}  // namespace

Landscape landscape(const Surface& s, const std::vector<Point>& must_hold) {
  const NoRecord pause;
  Landscape l{.title = s.name, .formula = s.formula, .window = s.window, .minima = s.minima};
  Window& w = l.window;
  for (const Point& p : must_hold) {  // the ring of a start at the edge would be cut
    const double margin = 0.06, edge_x = 0.02 * w.width(), edge_y = 0.02 * w.height();
    if (p[0] < w.left + edge_x) w.left = p[0] - margin * (w.right - p[0]);
    if (p[0] > w.right - edge_x) w.right = p[0] + margin * (p[0] - w.left);
    if (p[1] < w.bottom + edge_y) w.bottom = p[1] - margin * (w.top - p[1]);
    if (p[1] > w.top - edge_y) w.top = p[1] + margin * (p[1] - w.bottom);
  }
  const bool is_curve = is_of_one_variable(s.formula);
  const double ratio = std::clamp(w.height() / w.width(), 0.4, 1.6);
  if (is_curve)
    draw_curve(l, s);
  else
    draw_heights(l, s, ratio);
  if (s.minima.size() > 2) {
    const auto [least, most] = std::ranges::minmax(s.minima, {}, &Minimum::largest);
    l.facts.push_back(formatted("{} minima", s.minima.size()));
    l.facts.push_back(formatted("λmax {:.4g} to {:.4g} · 2/λmax {:.4g} to {:.4g}", least.largest, most.largest,
                                most.limit(), least.limit()));
  }
  for (const Minimum& m : s.minima) {
    if (s.minima.size() > 2) break;
    if (is_curve) {
      l.facts.push_back(formatted("minimum at x = {:.6g} · f {:.4g}", m.at[0], m.f));
      l.facts.push_back(formatted("curvature {:.6g} · 2/curvature {:.4g}", m.largest, m.limit()));
      continue;
    }
    l.facts.push_back(formatted("minimum ({:.6g}, {:.6g}) · f {:.4g}", m.at[0], m.at[1], m.f));
    const std::string condition =
        m.smallest > 0 ? formatted("κ {:.4g}", m.largest / m.smallest) : std::string("flat in one direction, κ ∞");
    l.facts.push_back(formatted("λmax {:.6g} · 2/λmax {:.4g} · {}", m.largest, m.limit(), condition));
  }
  l.lowest = s.minima.empty() ? 0 : std::ranges::min(s.minima, {}, &Minimum::f).f;
  return l;
}

std::string Landscape::csv() const {
  std::string text = "path,step,x,y,f,gx,gy\n";
  for (const Path& path : paths) {
    // A name with a comma is quoted, as RFC 4180 has it.
    std::string name = path.name;
    if (name.find_first_of(",\"") != name.npos) {
      for (std::size_t i = 0; (i = name.find('"', i)) != name.npos; i += 2) name.insert(i, 1, '"');
      name = '"' + name + '"';
    }
    for (const Place& p : path.places)
      text += formatted("{},{},{},{},{},{},{}\n", name, p.step, p.at[0], p.at[1], p.f, p.gradient[0], p.gradient[1]);
  }
  return text;
}

std::string Landscape::json() const {
  Json j;
  j["surface"] = title;
  j["formula"] = formula;
  j["window"] = {window.left, window.right, window.bottom, window.top};
  j["minima"] = Json::array();
  for (const Minimum& m : minima)
    j["minima"].push_back({{"at", pair(m.at)},
                           {"f", number(m.f)},
                           {"lambda_max", number(m.largest)},
                           {"lambda_min", number(m.smallest)},
                           {"lr_limit", number(m.limit())}});
  j["runs"] = Json::array();
  for (const Path& p : paths) {
    Json run{{"opt", p.name},
             {"steps", p.steps},
             {"verdict", name(p.verdict)},
             {"outcome", p.outcome()},
             {"until", p.until.empty() ? Json() : Json(p.until)},
             {"reached", p.reached},
             {"diverged", p.cut && p.verdict == Verdict::diverges},
             {"lr", number(p.lr)},
             {"lr_limit", p.limit ? number(*p.limit) : Json()},
             {"lr_limit_at", p.limit ? pair(p.limit_at) : Json()},
             {"arrived", p.arrived ? Json(*p.arrived) : Json()},
             {"start", pair(p.places.front().at)},
             {"end", pair(p.end().at)},
             {"f", number(p.end().f)},
             {"gradient", pair(p.end().gradient)}};
    j["runs"].push_back(std::move(run));
  }
  if (basins) {
    Json counts = Json::array();
    for (std::size_t m = 0; m < minima.size(); ++m)
      counts.push_back(std::ranges::count(basins->to, static_cast<int>(m)));
    j["basins"] = {{"points", basins->to.size()},
                   {"to", counts},
                   {"unsettled", std::ranges::count(basins->to, -1)},
                   {"diverged", std::ranges::count(basins->to, -2)}};
  }
  return j.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void Landscape::save(const std::string& path, Loc where) const {
  where = gradus::detail::user_line(where);
  const auto dot = path.rfind('.');
  const std::string suffix = dot == path.npos ? "" : path.substr(dot);
  if (suffix != ".html" && suffix != ".svg" && suffix != ".csv")
    throw Error(
        "Landscape::save",
        {.wrong = "the name has an unknown suffix", .got = path, .expected = "a name that ends in .html, .svg or .csv"},
        where);
  std::string text;
  if (suffix == ".html") text = html();
  if (suffix == ".svg") text = svg();
  if (suffix == ".csv") text = csv();
  io::AtomicFile file(path, "Landscape::save", where);
  file.write(text.data(), text.size());
  file.commit();
}

}  // namespace gradus::study

// The parts of a picture that SVG and page share: contours, basins, axes, paths.
#include "study/landscape/picture.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "study/landscape/contour.hpp"
#include "tensor/format.hpp"

namespace gradus::study {
namespace {

constexpr int bands = 14;    // classes l0 … l13
constexpr double least = 6;  // squares of the grid: a smaller outline is an artefact of it
constexpr int shades = 5;    // of a basin, by the number of steps
constexpr int lands = 8;     // classes b0 … b7
constexpr double fine = 10;  // heights are written in tenths of a unit, as whole numbers

// "M120 45l3-4…z" relative and in whole numbers, which keeps files small.
std::string path_data(const std::vector<Point>& line, bool closed) {
  std::string d;
  long long x = 0, y = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const long long to_x = std::llround(line[i][0] * fine), to_y = std::llround(line[i][1] * fine);
    if (i == 0) {
      d += formatted("M{} {}", to_x, to_y);
    } else {
      const long long dx = to_x - x, dy = to_y - y;
      if (dx == 0 && dy == 0) continue;
      d += formatted("{}{}{}{}", i == 1 || d.back() == 'z' ? "l" : (dx < 0 ? "" : " "), dx, dy < 0 ? "" : " ", dy);
    }
    x = to_x;
    y = to_y;
  }
  return closed ? d + "z" : d;
}

double area(const Outline& o) {
  double twice = 0;
  for (std::size_t i = 0; i < o.size(); ++i) {
    const Point &p = o[i], &q = o[(i + 1) % o.size()];
    twice += p[0] * q[1] - q[0] * p[1];
  }
  return std::abs(twice) / 2;
}

bool lowest_inside(const Grid& g) {
  const auto at = static_cast<int>(std::ranges::min_element(g.f) - g.f.begin());
  const int i = at % g.columns, j = at / g.columns;
  return i > 0 && j > 0 && i + 1 < g.columns && j + 1 < g.rows;
}

std::string heights(const Landscape& l, const Frame& f) {
  const bool low_inside = lowest_inside(l.grid);
  std::string text = formatted("<rect class=\"l0\" x=\"{:g}\" y=\"{:g}\" width=\"{:g}\" height=\"{:g}\"/>", f.x, f.y,
                               f.width, f.height);
  text += formatted("<g class=\"line\" transform=\"scale({:g})\">", 1 / fine);
  int band = 0;
  for (const double level : levels(l.grid, bands - 1, low_inside)) {
    std::string d;
    for (const Outline& outline : above(l.grid, level)) {
      if (area(outline) < least) continue;
      std::vector<Point> line;
      for (const Point p : outline)
        line.push_back({f.x + p[0] / (l.grid.columns - 1) * f.width, f.y + (1 - p[1] / (l.grid.rows - 1)) * f.height});
      line.push_back(line.front());
      line = simplified(line, 0.12);
      line.pop_back();
      if (line.size() > 2) d += path_data(line, true);
    }
    text += formatted("<path class=\"l{}\" fill-rule=\"evenodd\" d=\"{}\"/>", ++band, d);
  }
  return text + "</g>";
}

// f over x, in pieces where it is finite.
std::string curve(const Landscape& l, const Frame& f) {
  std::string d;
  bool down = false;
  const auto count = static_cast<double>(l.grid.f.size() - 1);
  for (std::size_t i = 0; i < l.grid.f.size(); ++i) {
    const double value = l.grid.f[i];
    if (!std::isfinite(value)) {
      down = false;
      continue;
    }
    const Point p = f.place({l.window.left + l.window.width() * static_cast<double>(i) / count, value});
    d += formatted("{}{:.1f} {:.1f}", down ? "L" : "M", p[0], std::clamp(p[1], f.y - f.height, f.y + 2 * f.height));
    down = true;
  }
  return formatted(
      "<rect class=\"l13\" x=\"{:g}\" y=\"{:g}\" width=\"{:g}\" height=\"{:g}\"/><path class=\"curve\" d=\"{}\"/>", f.x,
      f.y, f.width, f.height, d);
}

// Two digits, without a power of ten as far as numbers of everyday go.
std::string rough(double v) {
  if (v == 0) return "0";
  const double power = std::pow(10, std::floor(std::log10(std::abs(v))) - 1);
  return formatted("{:.6g}", std::round(v / power) * power);
}

// Which colour is which height. The bands hold shares of the area, so that the numbers between them are not evenly
// spaced.
std::string scale(const Landscape& l, const Frame& f) {
  const std::vector<double> all = levels(l.grid, bands - 1, lowest_inside(l.grid));
  const std::size_t n = all.size();
  const double x = f.x + f.width + 12, width = 12, top = f.y + 18;
  const double step = std::min(f.height - 24, 260.0) / static_cast<double>(n + 1);
  std::string text =
      formatted("<g class=\"tick scale\"><text class=\"axis\" x=\"{:.1f}\" y=\"{:.1f}\">f</text>", x + 3, f.y + 9);
  for (std::size_t row = 0; row <= n; ++row)
    text += formatted("<rect class=\"l{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.2f}\"/>", n - row, x,
                      top + static_cast<double>(row) * step, width, step + 0.3);
  for (std::size_t i = 0; i < n; i += 3)
    text += formatted("<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", x + width + 5,
                      top + static_cast<double>(n - i) * step + 4, rough(all[i]));
  return text + "</g>";
}

// Runs of equal cells as rectangles of one path for each minimum and shade.
std::string lands_of(const Landscape& l, const Frame& f) {
  const Basins& b = *l.basins;
  std::vector<int> taken;
  for (std::size_t k = 0; k < b.to.size(); ++k)
    if (b.to[k] >= 0) taken.push_back(b.steps[k]);
  std::sort(taken.begin(), taken.end());
  const auto shade = [&](int steps) {
    const auto rank = std::lower_bound(taken.begin(), taken.end(), steps) - taken.begin();
    return static_cast<int>(rank * shades / std::max<std::ptrdiff_t>(1, std::ssize(taken)));
  };
  std::map<std::pair<int, int>, std::string> cells;
  for (int j = 0; j < b.n; ++j)
    for (int i = 0, run = 1; i < b.n; i += run) {
      const auto key = [&](int column) {
        const auto k = static_cast<std::size_t>(j * b.n + column);
        return std::pair(b.to[k], b.to[k] >= 0 ? shade(b.steps[k]) : 0);
      };
      for (run = 1; i + run < b.n && key(i + run) == key(i);) ++run;
      if (key(i).first != -1) cells[key(i)] += formatted("M{} {}h{}v1h-{}z", i, b.n - 1 - j, run, run);
    }
  std::string text = formatted("<rect class=\"unsettled\" x=\"{:g}\" y=\"{:g}\" width=\"{:g}\" height=\"{:g}\"/>", f.x,
                               f.y, f.width, f.height);
  text += formatted("<g class=\"lands\" transform=\"translate({:g} {:g}) scale({:.6g} {:.6g})\">", f.x, f.y,
                    f.width / b.n, f.height / b.n);
  for (const auto& [key, d] : cells) {
    if (key.first < 0)
      text += formatted("<path class=\"gone\" d=\"{}\"/>", d);
    else
      text += formatted("<path class=\"b{} s{}\" d=\"{}\"/>", key.first % lands, key.second, d);
  }
  return text + "</g>";
}

// 1, 2 or 5 times a power of ten, so that there are about `count`.
double tick_step(double range, int count) {
  const double rough = range / count, power = std::pow(10, std::floor(std::log10(rough)));
  for (const double m : {1.0, 2.0, 5.0})
    if (m * power >= rough) return m * power;
  return 10 * power;
}

// Short, for there are about 50 pixels left of a plot: "1.25e4", not "1.25e+04".
std::string tick_text(double v) {
  std::string text = formatted("{:.4g}", v);
  const auto e = text.find('e');
  if (e == text.npos) return text;
  const std::string power = formatted("{}", std::stoi(text.substr(e + 1)));
  return text.substr(0, e + 1) + power;
}

std::string ticks(const Landscape& l, const Frame& f) {
  std::string text = "<g class=\"tick\">";
  const auto each = [](double low, double high, int count, auto draw) {
    const double step = tick_step(high - low, count);
    for (double k = std::ceil(low / step); k * step <= high + 1e-9 * step; ++k) draw(k == 0 ? 0 : k * step);
  };
  const double bottom = f.y + f.height;
  each(f.window.left, f.window.right, 6, [&](double v) {
    const double x = f.place({v, 0})[0];
    text += formatted("<path d=\"M{:.1f} {:.1f}v4\"/><text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
                      x, bottom, x, bottom + 16, tick_text(v));
  });
  each(f.window.bottom, f.window.top, 5, [&](double v) {
    const double y = f.place({0, v})[1];
    text += formatted("<path d=\"M{:.1f} {:.1f}h-4\"/><text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
                      f.x, y, f.x - 7, y + 3.5, tick_text(v));
  });
  text += formatted("<text class=\"axis\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
                    f.x + f.width / 2, bottom + 32, escaped(l.x_name));
  // Above the ticks, where none can be.
  text += formatted("<text class=\"axis\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", f.x - 7, f.y - 10,
                    escaped(l.y_name));
  return text + "</g>";
}

std::string polyline(const Landscape& l, const Path& path, const Frame& f, std::size_t colour, std::size_t of) {
  std::vector<Point> line;
  // Far outside the frame any place will do.
  const auto near = [&](Point p) {
    return Point{std::clamp(p[0], f.x - 3 * f.width, f.x + 4 * f.width),
                 std::clamp(p[1], f.y - 3 * f.height, f.y + 4 * f.height)};
  };
  for (const Place& p : path.places) {
    const Point q = near(on_paper(l, f, p));
    if (line.empty() || std::hypot(q[0] - line.back()[0], q[1] - line.back()[1]) > 0.3) line.push_back(q);
  }
  const Point last = near(on_paper(l, f, path.end()));
  if (line.size() > 1 && line.back() != last) line.back() = last;
  if (line.size() == 1) line.push_back(last);
  const bool few = path.places.size() <= 80;
  if (!few) line = simplified(line, 0.15);
  const std::size_t c = colour % colours;
  std::string points, text;
  for (const Point p : line) points += formatted("{}{:.2f},{:.2f}", points.empty() ? "" : " ", p[0], p[1]);
  text = formatted("<polyline class=\"run c{}\" data-run=\"{}\" stroke-width=\"{:g}\" points=\"{}\"/>", c, colour,
                   line_width(colour, of), points);
  if (few) {
    text += formatted("<g class=\"stop f{}\" data-run=\"{}\">", c, colour);
    for (const Point p : line) text += formatted("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"1.8\"/>", p[0], p[1]);
    text += "</g>";
  }
  return text + formatted("<circle class=\"end f{}\" data-run=\"{}\" cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"4.5\"/>", c,
                          colour, last[0], last[1]);
}

std::string stars(const Landscape& l, const Frame& f) {
  std::string text;
  for (const Minimum& m : l.minima) {
    const Point at = is_curve(l) ? Point{m.at[0], m.f} : m.at;
    if (!f.window.contains(at)) continue;
    const Point p = f.place(at);
    std::string d;
    for (int i = 0; i < 10; ++i) {
      const double r = i % 2 ? 3 : 7, angle = (i / 5.0 - 0.5) * 3.14159265358979;
      d += formatted("{}{:.1f} {:.1f}", i ? "L" : "M", p[0] + r * std::cos(angle), p[1] + r * std::sin(angle));
    }
    text += formatted("<path class=\"minimum\" d=\"{}z\"/>", d);
  }
  return text;
}

std::string starts(const Landscape& l, const Frame& f, const std::vector<std::size_t>& paths) {
  std::string text;
  std::vector<Point> seen;
  for (const std::size_t i : paths) {
    const Point start = l.paths[i].places.front().at;
    if (std::ranges::find(seen, start) != seen.end()) continue;
    seen.push_back(start);
    const Point p = on_paper(l, f, l.paths[i].places.front());
    text += formatted("<circle class=\"start\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\"/>", p[0], p[1]);
  }
  return text;
}

}  // namespace

Frame frame(const Landscape& l, double x, double y, double width) {
  const double ratio = is_curve(l) ? 0.62 : std::clamp(l.window.height() / l.window.width(), 0.4, 1.1);
  return {x, y, width, width * ratio, l.window};
}

Point on_paper(const Landscape& l, const Frame& f, const Place& p) {
  return f.place(is_curve(l) ? Point{p.at[0], p.f} : p.at);
}

std::string plot(const Landscape& l, const Frame& f, const std::vector<std::size_t>& paths,
                 const PlotOptions& options) {
  const std::string clip = options.id + "clip";
  std::string text = formatted(
      "<clipPath id=\"{}\"><rect x=\"{:g}\" y=\"{:g}\" width=\"{:g}\" height=\"{:g}\" rx=\"6\"/></clipPath>"
      "<g clip-path=\"url(#{})\">",
      clip, f.x, f.y, f.width, f.height, clip);
  if (!options.heights_of.empty())
    text += formatted("<use href=\"#{}heights\"/>", options.heights_of);
  else
    text += formatted("<g id=\"{}heights\">{}</g>", options.id,
                      l.basins      ? lands_of(l, f)
                      : is_curve(l) ? curve(l, f)
                                    : heights(l, f));
  text += stars(l, f);
  for (const std::size_t i : paths) text += polyline(l, l.paths[i], f, i, paths.size() > 1 ? paths.size() : i + 1);
  text += starts(l, f, paths) + "<g class=\"live\"></g></g>";
  text += formatted("<rect class=\"frame\" x=\"{:g}\" y=\"{:g}\" width=\"{:g}\" height=\"{:g}\" rx=\"6\"/>", f.x, f.y,
                    f.width, f.height);
  if (options.ticks) text += ticks(l, f);
  if (options.ticks && !is_curve(l) && !l.basins) text += scale(l, f);
  return text;
}

double line_width(std::size_t i, std::size_t of) { return 2 + std::min(3.0, 0.9 * static_cast<double>(of - 1 - i)); }

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        if (static_cast<unsigned char>(c) < 32 && c != '\n' && c != '\t')
          out += "\xEF\xBF\xBD";
        else
          out += c;
    }
  }
  return out;
}

std::string outcome_and_limit(const Path& path) {
  const std::string text = path.outcome();
  const bool said = !path.limit || text.find("2/λmax") != text.npos;
  return said ? text : formatted("{} · 2/λmax {:.4g}", text, *path.limit);
}

std::string readable(const std::string& name) {
  std::string text = name;
  std::ranges::replace(text, ',', ' ');
  if (const auto colon = text.find(':'); colon != text.npos) text[colon] = ' ';
  return text;
}

}  // namespace gradus::study

// Efficiency over ranks, as SVG: two curves, and points for what was measured.
#include "scale/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "study/landscape/page.hpp"
#include "study/landscape/picture.hpp"

namespace gradus::tool {
namespace {

constexpr double width = 784, height = 452;
constexpr double left = 62, top = 92, right = width - 174, bottom = height - 88;
constexpr int most = 10;  // 2 to the power of it: 1,024 ranks

double x_of(double ranks) { return left + std::log2(ranks) / most * (right - left); }
double y_of(double efficiency) { return bottom - efficiency * (bottom - top); }

std::string text(const char* kind, double x, double y, const std::string& words, const char* anchor = "start") {
  return fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", kind, x, y, anchor,
                     study::escaped(words));
}

std::string axes() {
  std::string svg = fmt::format("<rect class=\"frame\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"6\"/>\n", left,
                                top, right - left, bottom - top);
  for (int percent = 0; percent <= 100; percent += 25) {
    const double y = y_of(percent / 100.0);
    if (percent > 0 && percent < 100)
      svg += fmt::format("<path class=\"grid\" d=\"M{} {:.1f}H{}\"/>\n", left, y, right);
    svg += text("small", left - 8, y + 4, fmt::format("{} %", percent), "end");
  }
  for (int power = 0; power <= most; ++power) {
    const double x = x_of(std::exp2(power));
    svg += fmt::format("<g class=\"tick\"><path d=\"M{:.1f} {}v5\"/></g>\n", x, bottom);
    svg += text("small", x, bottom + 19, power == most ? "1,024" : std::to_string(1 << power), "middle");
  }
  svg += text("axis", (left + right) / 2, bottom + 38, "ranks", "middle");
  return svg;
}

std::string curve(const char* kind, int from, int to, const std::function<double(int)>& f) {
  std::string points;
  for (int power = from; power <= to; ++power)
    points += fmt::format("{}{:.1f},{:.1f}", points.empty() ? "" : " ", x_of(std::exp2(power)), y_of(f(1 << power)));
  return fmt::format("<polyline class=\"run {}\" stroke-width=\"2.5\" points=\"{}\"/>\n", kind, points);
}

std::string percent(double x) { return fmt::format("{:.0f} %", 100 * x); }

}  // namespace

double crowd(const Prediction& p, int ranks) {
  return p.processors > 0 ? std::max(1.0, static_cast<double>(ranks) / p.processors) : 1;
}

double shared_sum(const Prediction& p, dist::SumBy by, int ranks) {
  double bytes = 0;
  for (const double b : p.step.buckets) bytes += b;
  return crowd(p, ranks) * dist::sum_seconds(p.line, by, ranks, bytes);
}

double shared_step(const Prediction& p, int ranks) {
  return crowd(p, ranks) * p.step.compute + shared_sum(p, dist::SumBy::ring, ranks);
}

std::string picture_of(const Prediction& p) {
  const auto of = [&](dist::SumBy by) { return [&p, by](int n) { return dist::efficiency(p.step, p.line, by, n); }; };
  const auto ring = of(dist::SumBy::ring);
  const auto halving = of(dist::SumBy::halving_doubling);
  std::string svg = text("title", 24, 34, p.title) + text("formula", 24, 55, p.subtitle) +
                    text("small", 24, 80, "speed of n ranks, beside n times the speed of one") + axes();
  svg += curve("c1", 0, most, halving) + curve("c0", 0, most, ring);
  // The names stand at the ends of the curves, apart from each other.
  const double at_ring = y_of(ring(1 << most));
  const double at_halving = y_of(halving(1 << most));
  const double apart = std::max(0.0, 34 - std::abs(at_ring - at_halving)) / 2;
  const double ring_y = std::min(bottom - 12, at_ring + apart);
  const double halving_y = std::min(ring_y - 34, at_halving - apart);
  const auto name = [&](const char* colour, double y, const char* word, double end) {
    svg += fmt::format("<circle class=\"{}\" cx=\"{}\" cy=\"{:.1f}\" r=\"4.5\"/>\n", colour, right + 14, y);
    svg += text("label", right + 25, y + 4, word) + text("small", right + 25, y + 19, percent(end));
  };
  name("f1", halving_y, "halving, doubling", halving(1 << most));
  name("f0", ring_y, "ring", ring(1 << most));
  double x = 24;
  const double legend = height - 20;
  const auto explain = [&](const std::string& mark, const std::string& words) {
    svg += fmt::format("<g transform=\"translate({:.1f} {:.1f})\">{}</g>\n", x, legend - 4, mark);
    svg += text("small", x + 28, legend, words);
    x += 28 + 6.3 * static_cast<double>(words.size()) + 18;
  };
  explain(
      "<path class=\"run c1\" stroke-width=\"2.5\" d=\"M0 -3h20\"/><path class=\"run c0\" stroke-width=\"2.5\" d=\"M0 "
      "3h20\"/>",
      "model: each rank has its processor");
  if (!p.measured.empty()) {
    const int last = p.measured.back().ranks;
    const auto shared = [&](int n) { return p.step.compute / shared_step(p, n); };
    if (p.processors > 0) {
      svg += curve("shared", 0, static_cast<int>(std::log2(last)), shared);
      explain("<path class=\"run shared\" stroke-width=\"2.5\" d=\"M0 0h20\"/>",
              fmt::format("model: {} processors for all ranks", p.processors));
    }
    for (const Measured& m : p.measured)
      svg += fmt::format("<circle class=\"seen\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\"/>\n", x_of(m.ranks),
                         y_of(p.measured.front().step / m.step));
    explain("<circle class=\"seen\" cx=\"10\" cy=\"0\" r=\"5\"/>", "measured");
  }
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "role=\"img\">\n<title>{2}</title>\n<style>\n{3}"
      ".grid {{ stroke: #93a1a9; stroke-opacity: .3; fill: none; }}\n"
      ".shared {{ stroke: #93a1a9; stroke-dasharray: 2 6; }}\n"
      ".seen {{ fill: #16232b; stroke: #ffffff; stroke-width: 1.5; }}\n"
      "@media (prefers-color-scheme: dark) {{ .seen {{ fill: #eef4f6; stroke: #0e1a21; }} }}\n</style>\n"
      "<rect class=\"card\" width=\"100%\" height=\"100%\" rx=\"12\"/>\n{4}</svg>\n",
      width, height, study::escaped(p.title), study::picture_css().text, svg);
}

}  // namespace gradus::tool

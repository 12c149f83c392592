// A landscape as one SVG: for READMEs, thumbnails and print.

#include <algorithm>

#include "study/landscape/page.hpp"
#include "study/landscape/picture.hpp"
#include "tensor/format.hpp"

namespace gradus::study {
namespace {

// Words in lines of so many letters.
std::vector<std::string> wrapped(const std::string& text, std::size_t width) {
  std::vector<std::string> lines(1);
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > width) lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : " ") + word;
    begin = end + 1;
  }
  return lines;
}

class Writer {
 public:
  explicit Writer(const Landscape& l) : l_(l) {}

  std::string one() {
    constexpr double left = 60, top = 66, plot_width = 560, side = left + plot_width + scale_width + 22, letters = 34;
    const Frame f = frame(l_, left, top, plot_width);
    heading(left);
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < l_.paths.size(); ++i) all.push_back(i);
    body_ += plot(l_, f, l_.basins ? std::vector<std::size_t>() : all, {});
    double y = top + 14;
    for (const std::size_t i : all) {
      const Path& path = l_.paths[i];
      body_ += formatted("<circle class=\"f{}\" cx=\"{}\" cy=\"{:.1f}\" r=\"5\"/>", i % colours, side + 5, y - 4.5);
      for (const std::string& line : wrapped(readable(path.name), letters - 4))
        text("label", side + 18, y, line), y += 16;
      for (const std::string& line : wrapped(path.outcome(), letters)) text("small", side + 18, y, line), y += 15;
      y += 10;
    }
    if (l_.basins)
      for (std::size_t m = 0; m < l_.minima.size(); ++m, y += 22) {
        body_ += formatted("<circle class=\"b{}\" cx=\"{}\" cy=\"{:.1f}\" r=\"6\"/>", m % 8, side + 5, y - 4.5);
        text("label", side + 18, y, formatted("({:.5g}, {:.5g})", l_.minima[m].at[0], l_.minima[m].at[1]));
      }
    y += 4;
    for (const std::string& fact : l_.facts)
      for (const std::string& line : wrapped(fact, letters + 4)) text("small", side, y, line), y += 16;
    return finish(side + 248, std::max(f.y + f.height + 44, y + 6));
  }

  // Plots in a grid of two columns, or one.
  std::string thumbnail() {
    constexpr double side = 400, gap = 10;
    const std::size_t count = l_.small_multiples ? std::min<std::size_t>(4, l_.paths.size()) : 1;
    const double width = count > 1 ? (side - gap) / 2 : side;
    const Frame f = frame(l_, 0, 0, width);
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < l_.paths.size() && !l_.basins; ++i) all.push_back(i);
    double bottom = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const double x = static_cast<double>(i % 2) * (width + gap), y = static_cast<double>(i / 2) * (f.height + gap);
      body_ += formatted("<g transform=\"translate({:g} {:g})\">", x, y);
      body_ += plot(l_, f, count > 1 ? std::vector{i} : all,
                    {.id = formatted("p{}", i), .heights_of = i ? "p0" : "", .ticks = false});
      body_ += "</g>";
      bottom = y + f.height;
    }
    return finish(side, bottom);
  }

  std::string many() {
    constexpr double cell = 250, gap = 22, left = 24, top = 66;
    const int count = static_cast<int>(l_.paths.size()), columns = std::min(count, count == 4 ? 2 : 3);
    heading(left);
    double bottom = top;
    for (int i = 0; i < count; ++i) {
      const Path& path = l_.paths[static_cast<std::size_t>(i)];
      const Frame shape = frame(l_, 0, 0, cell);
      const double x = left + (i % columns) * (cell + gap), y = top + (i / columns) * (shape.height + 72);
      text("label", x, y + 12, readable(path.name));
      body_ += formatted("<g transform=\"translate({:g} {:g})\">", x, y + 20);
      body_ += plot(l_, shape, {static_cast<std::size_t>(i)},
                    {.id = formatted("p{}", i), .heights_of = i ? "p0" : "", .ticks = false});
      body_ += "</g>";
      double below = y + 20 + shape.height;
      for (const std::string& line : wrapped(outcome_and_limit(path), 48)) text("small", x, below += 16, line);
      bottom = y + 20 + shape.height + 40;
    }
    for (const std::string& fact : l_.facts) text("small", left, bottom += 16, fact);
    return finish(std::max(left + columns * (cell + gap) + 2, 560.0), bottom + 18);
  }

 private:
  void text(const char* kind, double x, double y, const std::string& words) {
    body_ += formatted("<text class=\"{}\" x=\"{:g}\" y=\"{:.1f}\">{}</text>", kind, x, y, escaped(words));
  }
  void heading(double x) {
    text("title", x, 32, l_.title != l_.formula ? l_.title : is_curve(l_) ? "f(x)" : "f(x, y)");
    text("formula", x, 52, l_.formula);
  }
  std::string finish(double width, double height) const {
    return formatted(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
        "height=\"{1:.0f}\" "
        "role=\"img\">\n<title>{2}</title>\n<style>\n{3}</style>\n"
        "<rect class=\"card\" width=\"100%\" height=\"100%\" rx=\"12\"/>\n{4}\n</svg>\n",
        width, height, escaped(l_.title), picture_css().text, body_);
  }

  const Landscape& l_;
  std::string body_;
};

}  // namespace

std::string thumbnail(const Landscape& l) { return Writer(l).thumbnail(); }

std::string Landscape::svg() const {
  Writer writer(*this);
  return small_multiples ? writer.many() : writer.one();
}

}  // namespace gradus::study

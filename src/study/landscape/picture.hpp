// What the SVG and the page have in common: one plot, drawn by the same code.
#pragma once

#include <string>

#include <gradus/study/landscape.hpp>

namespace gradus::study {

inline constexpr int colours = 8;  // classes c0 … c7 of picture.css

// Is f a function of x alone, drawn over x? Its grid is one row.
inline bool is_curve(const Landscape& l) { return l.grid.rows == 1; }

// A rectangle on paper, and the window that it shows.
struct Frame {
  double x, y, width, height;
  Window window;
  Point place(Point p) const {
    return {x + (p[0] - window.left) / window.width() * width, y + (window.top - p[1]) / window.height() * height};
  }
};
Frame frame(const Landscape& l, double x, double y, double width);

inline constexpr double scale_width = 62;  // room for the scale of heights, right of a plot with ticks

struct PlotOptions {
  std::string id = "";          // of its parts; plots in one file need different ones
  std::string heights_of = "";  // the id of a plot whose heights are shown again
  bool ticks = true;            // also names of the axes and the scale of heights
};
// Where a place is drawn: at x and y, or on the curve.
Point on_paper(const Landscape& l, const Frame& f, const Place& p);

// Heights, a curve or basins, axes, marks at minima and starts, and a polyline for each path whose number is in
// `paths`.
std::string plot(const Landscape& l, const Frame& f, const std::vector<std::size_t>& paths, const PlotOptions& options);

// Paths that lie over each other are all seen when the first are wider.
double line_width(std::size_t i, std::size_t of);

// The plot alone, or the first plots of several, without text: for an index of pictures.
std::string thumbnail(const Landscape& l);

// For text in XML: & < > " become entities; what XML forbids becomes U+FFFD.
std::string escaped(const std::string& text);
// What became of a path, with the border of stable rates.
std::string outcome_and_limit(const Path& path);
// "sgd:lr=0.001,momentum=0.9" as people read it: "sgd lr=0.001 momentum=0.9".
std::string readable(const std::string& name);

}  // namespace gradus::study

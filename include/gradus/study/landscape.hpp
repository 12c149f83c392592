// A picture of heights with paths over them: what `gradus descend` and study::slice() write.
//
//   Landscape l = study::landscape(study::surface("beale"));
//   l.add(descend(l.surface, "mine", …));
//   l.save("beale.html");
#pragma once

#include <gradus/study/descent.hpp>

namespace gradus::study {

/// Heights at the points of a grid, row by row from the bottom, corners included.
struct Grid {
  int columns = 0, rows = 0;
  std::vector<double> f = {};
};

struct Landscape {
  std::string title, formula;              ///< "rosenbrock", "(1 - x)^2 + …"
  std::string x_name = "x", y_name = "y";  ///< of the axes
  std::vector<std::string> facts = {};     ///< lines to stand beside it: "minimum (1, 1)", "2/λmax 0.001997"
  Window window = {};
  Grid grid = {};
  std::vector<Minimum> minima = {};
  std::vector<Path> paths = {};
  bool small_multiples = false;       ///< a picture for each path, instead of one for all
  std::optional<Basins> basins = {};  ///< drawn in place of the heights
  double lowest = 0;                  ///< what f is measured from, on a scale of powers of ten

  /// One file, by its suffix: .html (animated; asks nothing of the network), .svg, or .csv (every place of every path).
  void save(const std::string& path, Loc where = Loc::current()) const;

  std::string html() const;
  std::string svg() const;
  std::string csv() const;
  std::string json() const;  ///< numbers only: the surface, and what became of each path
};

/// The surface over its window, which grows to hold what must be seen: starts and minima.
Landscape landscape(const Surface& s, const std::vector<Point>& must_hold = {});

}  // namespace gradus::study

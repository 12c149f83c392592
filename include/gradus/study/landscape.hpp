// A picture of heights with paths over them, as `gradus descend` and study::slice() make it.
//
//   Landscape l = study::landscape(study::surface("beale"));
//   l.add(descend(l.surface, "mine", …));
//   l.save("beale.html");
#pragma once

#include <gradus/study/descent.hpp>

namespace gradus::study {

/// Heights at the points of a grid, row by row from the bottom, corners included.
struct Grid {
  int columns = 0, rows = 0;   ///< points across and up
  std::vector<double> f = {};  ///< rows times columns
};

/// The picture: heights or basins, minima, paths, and texts beside them.
struct Landscape {
  std::string title, formula;              ///< "rosenbrock", "(1 - x)^2 + …"
  std::string x_name = "x", y_name = "y";  ///< of the axes
  std::vector<std::string> facts = {};     ///< lines of text beside the picture: "minimum (1, 1)", "2/λmax 0.001997"
  Window window = {};                      ///< the part of the plane
  Grid grid = {};                          ///< the heights
  std::vector<Minimum> minima = {};        ///< drawn as stars
  std::vector<Path> paths = {};            ///< drawn over the heights
  bool small_multiples = false;            ///< a picture for each path, instead of one for all
  std::optional<Basins> basins = {};       ///< drawn in place of the heights
  double lowest = 0;                       ///< f is drawn relative to this value, on a logarithmic scale

  /// Writes one file, by its suffix: .html (animated, without network), .svg, or .csv (every place of every path). A
  /// failure leaves an older file of that name as it was.
  void save(const std::string& path, Loc where = Loc::current()) const;

  std::string html() const;  ///< a page that plays the paths
  std::string svg() const;   ///< a picture
  std::string csv() const;   ///< every place of every path
  std::string json() const;  ///< numbers only: the surface and the outcome of each path
};

/// The surface over its window, enlarged where needed to show the minima and the places in must_hold.
Landscape landscape(const Surface& s, const std::vector<Point>& must_hold = {});

}  // namespace gradus::study

// Outlines of what lies above a level.
#pragma once

#include <vector>

#include <gradus/study/landscape.hpp>

namespace gradus::study {

using Outline = std::vector<Point>;  // closed; in columns and rows of the grid

// Marching squares (Lorensen and Cline's cubes in two dimensions, 1987). The outlines run along the border where the
// region meets it, so that they can be filled by the even-odd rule. What is not a number counts as high.
std::vector<Outline> above(const Grid& grid, double level);

// Levels that leave about equal distances between contours around a minimum: the k-th is at the (k/n)²-quantile; on a
// surface without one, at the k/n-quantile.
std::vector<double> levels(const Grid& grid, int count, bool has_minimum);

// The points of a line that matter: none that is left out lies farther than `tolerance` from what remains (Douglas and
// Peucker, 1973).
std::vector<Point> simplified(const std::vector<Point>& line, double tolerance);

}  // namespace gradus::study

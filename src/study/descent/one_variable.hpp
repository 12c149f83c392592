// What is special about a formula in x alone.
#pragma once

#include <gradus/study/surface.hpp>

namespace gradus::study {

// Its minima between two values of x, with y = 0. The curvature along y is 0, so `smallest` is that along x, too.
std::vector<Minimum> minima_of_curve(const Surface& s, double left, double right);

}  // namespace gradus::study

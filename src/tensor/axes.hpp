// Axes as people write them: negative ones count from the end.
#pragma once

#include <gradus/shape.hpp>

namespace gradus::detail {

// The axis from 0 on; an error if there is no such axis.
std::int64_t normal_axis(std::int64_t axis, int dims, const char* operation, Loc where);
// Sorted; none given: all. Naming an axis twice is an error.
Shape normal_axes(const Axes& axes, int dims, const char* operation, Loc where);

}  // namespace gradus::detail

// Axes brought to the range from 0 on.
#include "tensor/axes.hpp"

#include "tensor/thread_state.hpp"

namespace gradus::detail {

std::int64_t normal_axis(std::int64_t axis, int dims, const char* operation, Loc where) {
  if (axis < -dims || axis >= dims)
    throw Error(operation,
                {.wrong = "axis out of range",
                 .got = "axis " + std::to_string(axis) + " of a tensor with " + std::to_string(dims) + " axes",
                 .expected = dims ? std::to_string(-dims) + " to " + std::to_string(dims - 1)
                                  : "no axis: the tensor has shape ()"},
                user_line(where));
  return axis < 0 ? axis + dims : axis;
}

Shape normal_axes(const Axes& axes, int dims, const char* operation, Loc where) {
  bool chosen[max_dims] = {};
  for (auto axis : axes) {
    const auto a = normal_axis(axis, dims, operation, where);
    if (chosen[a])
      throw Error(operation,
                  {.wrong = "axis " + std::to_string(a) + " is given twice",
                   .got = "axes " + to_string(axes),
                   .expected = "different axes"},
                  user_line(where));
    chosen[a] = true;
  }
  Shape result;
  for (int i = 0; i < dims; ++i)
    if (axes.empty() || chosen[i]) result.push_back(i);
  return result;
}

}  // namespace gradus::detail

// Parts of the lines of poolings: see ops/lines.hpp.
#pragma once

#include "ops/lines.hpp"

namespace gradus::detail {

// What the window at (i, j) sees of an image at (u, v).
template <class Op>
std::string seen(const char* image, const Op& op) {
  Shape dilation{1, 1};
  if constexpr (requires { op.dilation; }) dilation = op.dilation;
  return formatted("{}[n, c, {}, {}]", image, reached("i", op.stride[0], "u", dilation[0], op.padding[0]),
                   reached("j", op.stride[1], "v", dilation[1], op.padding[1]));
}
inline std::string inside(const Shape& window) { return formatted("u < {}, v < {}", window[0], window[1]); }

// By how much a sum over a window is divided. A window may reach over the padding, which counts or does not.
template <class Op>
std::string divisor(const Op& op, const char* image) {
  const bool padded = op.padding[0] || op.padding[1];
  if (!op.ceil_mode && (!padded || op.count_include_pad)) return std::to_string(op.window[0] * op.window[1]);
  const auto cells = [&](int axis, const char* place, const char* sizes) {
    const std::int64_t pad = op.padding[axis];
    std::string start = op.stride[axis] == 1 ? place : std::to_string(op.stride[axis]) + place;
    if (pad) start += " - " + std::to_string(pad);
    const std::string end = formatted("{} + {}", start, op.window[axis]);
    if (op.count_include_pad && pad) return formatted("(min({}, {}({}) + {}) - ({}))", end, sizes, image, pad, start);
    if (pad == 0) return formatted("(min({}, {}({})) - {})", end, sizes, image, start);
    return formatted("(min({}, {}({})) - max({}, 0))", end, sizes, image, start);
  };
  return "(" + cells(0, "i", "rows") + " " + cells(1, "j", "columns") + ")";
}

// The size of window (i, j), and the rows and columns in it.
template <class Size, class Count>
std::string adaptive_window(Size rows, Count windows_down, Size columns, Count windows_across) {
  return formatted(
      "((bottom - top) (right - left)) where top <= h < bottom and left <= w < right, else 0, top = ⌊{0} i / {1}⌋, "
      "bottom = ⌈{0} (i + 1) / {1}⌉, left = ⌊{2} j / {3}⌋, right = ⌈{2} (j + 1) / {3}⌉",
      rows, windows_down, columns, windows_across);
}

}  // namespace gradus::detail

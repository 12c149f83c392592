// Recipes of pooling.
#include <algorithm>

#include <gradus/ops.hpp>

#include "io/onnx/step.hpp"

namespace gradus::io::onnx {
namespace {

using List = std::vector<std::int64_t>;

// How much padding after the last element gives exactly the windows that were recorded; the last one reaches `reach`
// beyond it.
std::int64_t end_padding(std::int64_t reach, std::int64_t padding, std::int64_t stride) {
  if (reach > padding) return reach;
  if (reach + stride > padding) return padding;  // one more window would not fit
  return std::max<std::int64_t>(reach, 0);
}

// Windows whose last may reach beyond the padding (ceil_mode): runtimes round differently there, so the padding at the
// end is written out, and ceil_mode is not used.
struct Windows {
  List window, stride, padding, dilation;
  List end;  // padding after the last row and column

  explicit Windows(Step& s) : window(s.fixed_list("window")), stride(s.fixed_list("stride")) {
    padding = s.fixed_list("padding");
    for (int i = 0; i < 2; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const std::int64_t size = s.size(0, i + 2), count = s.sizes()[at + 2].fixed;
      const bool dilated = std::ranges::any_of(s.entry().fields, [](const Field& f) { return f.name == "dilation"; });
      dilation = dilated ? s.fixed_list("dilation") : List{1, 1};
      const std::int64_t reach = (count - 1) * stride[at] + dilation[at] * (window[at] - 1) + 1 - padding[at] - size;
      end.push_back(end_padding(reach, padding[at], stride[at]));
    }
  }
  List pads() const { return {padding[0], padding[1], end[0], end[1]}; }
};

void max_pool2d(Step& s) {
  const Windows w(s);
  s.give(s.node("MaxPool", {s.in(0)},
                {{"kernel_shape", w.window}, {"strides", w.stride}, {"pads", w.pads()}, {"dilations", w.dilation}}));
}

void avg_pool2d(Step& s) {
  const Windows w(s);
  std::string x = s.in(0);
  List pads = w.pads();
  // Zeros that count are written out: OpenCV ignores count_include_pad (findings/opencv_pooling.sh), and rows beyond
  // the padding never count.
  if (s.flag("count_include_pad") && (w.padding[0] > 0 || w.padding[1] > 0)) {
    const List zeros{0, 0, w.padding[0], w.padding[1], 0, 0, w.padding[0], w.padding[1]};
    x = s.node("Pad", {x, s.graph().integers(zeros)}, {{"mode", "constant"}});
    pads = {0, 0, std::max<std::int64_t>(w.end[0] - w.padding[0], 0),
            std::max<std::int64_t>(w.end[1] - w.padding[1], 0)};
  }
  s.give(s.node("AveragePool", {x}, {{"kernel_shape", w.window}, {"strides", w.stride}, {"pads", pads}}));
}

// Row i holds the weights of window i.
Tensor averages(std::int64_t from, std::int64_t to) {
  Tensor weights = zeros({to, from}, f32);
  for (std::int64_t i = 0; i < to; ++i) {
    const std::int64_t first = i * from / to, last = ((i + 1) * from + to - 1) / to;
    for (std::int64_t j = first; j < last; ++j) weights.set({i, j}, 1 / static_cast<double>(last - first));
  }
  return weights;
}

void adaptive_avg_pool2d(Step& s) {
  const auto to = s.fixed_list("size");
  const std::int64_t h = s.size(0, 2), w = s.size(0, 3);
  if (to[0] == 1 && to[1] == 1) return s.give(s.node("GlobalAveragePool", {s.in(0)}));
  if (h % to[0] == 0 && w % to[1] == 0) {
    const List window{h / to[0], w / to[1]};
    return s.give(s.node("AveragePool", {s.in(0)}, {{"kernel_shape", window}, {"strides", window}}));
  }
  // Windows of different sizes: one product over the rows, one over the columns.
  const auto weights = [&](const Tensor& x) { return s.graph().constant(s.entry().scope, x); };
  const std::string rows = s.node("MatMul", {weights(averages(h, to[0])), s.in(0)});
  s.give(s.node("MatMul", {rows, weights(averages(w, to[1]).t().contiguous())}));
}

constexpr Recipe recipes[] = {
    {"max_pool2d", max_pool2d},
    {"avg_pool2d", avg_pool2d},
    {"adaptive_avg_pool2d", adaptive_avg_pool2d},
};

}  // namespace

Recipes pool_recipes() { return recipes; }

}  // namespace gradus::io::onnx

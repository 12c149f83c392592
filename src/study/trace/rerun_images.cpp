// Pooling and convolution for rerun(): the windows of a trace are checked before anything slides.
#include "study/trace/call.hpp"

namespace gradus::study::trace {

namespace {

struct Windows {
  Pair window, stride, padding, dilation{1, 1};
};

// Does sliding the windows over x give y? In ceil mode a last window may be left out or not.
void need_windows(const Call& c, const Shape& x, const Shape& y, const Windows& w, bool ceil_mode) {
  for (std::size_t i = 0; i < 2; ++i) {
    const int axis = static_cast<int>(i) + 2;
    if (std::max(x[axis], w.window[i]) > most_option) c.refuse("a window or an image is too large", to_string(x));
    const std::int64_t room = x[axis] + 2 * w.padding[i] - w.dilation[i] * (w.window[i] - 1) - 1;
    const std::int64_t least = room < 0 ? 0 : room / w.stride[i] + 1;
    if (y[axis] != least && !(ceil_mode && y[axis] == least + 1))
      c.refuse("the windows do not give a result of this size", formatted("{} on axis {}", y[axis], axis),
               std::to_string(least));
  }
}

double area(const Pair& p) { return static_cast<double>(p[0]) * static_cast<double>(p[1]); }

Pool2dOptions pooling(const Call& c, const Shape& x, const Shape& y, Pair dilation) {
  const Windows w{c.pair("window", 1), c.pair("stride", 1), c.pair("padding", 0), dilation};
  const bool ceil_mode = c.flag("ceil_mode");
  need_windows(c, x, y, w, ceil_mode);
  c.need_work(static_cast<double>(y.numel()) * area(w.window));
  return {.stride = w.stride, .padding = w.padding, .dilation = dilation, .ceil_mode = ceil_mode};
}

Shape with_size(const Call& c, const Shape& x, Pair size) {
  const Shape to{x[0], x[1], size[0], size[1]};
  c.need_shape(to, "attribute 'size'");
  return to;
}

void need_images(const Call& c) {
  for (std::size_t i = 0; i < c.in.size(); ++i) c.need_axes(i, 4);
  if (c.result().size() != 4) c.refuse("its result has the wrong number of axes", to_string(c.result()), "4");
}

// The windows of an adaptive average overlap by a row and a column at most, or repeat.
void need_adaptive_work(const Call& c) {
  c.need_work(4 * (static_cast<double>(c[0].numel()) + static_cast<double>(c.result().numel())));
}

Conv2dOptions convolution(const Call& c, const Shape& x, const Shape& y, Pair window, double weights) {
  const Windows w{window, c.pair("stride", 1), c.pair("padding", 0), c.pair("dilation", 1)};
  need_windows(c, x, y, w, false);
  c.need_work(static_cast<double>(y.numel()) * weights);
  const std::int64_t groups = c.integer("groups", 1, std::max<std::int64_t>(1, y[1]));
  return {.stride = w.stride, .padding = w.padding, .dilation = w.dilation, .groups = groups};
}

// Weights that each element of the result reads.
double per_element(const Shape& weight) {
  return static_cast<double>(weight.numel()) / static_cast<double>(std::max<std::int64_t>(1, weight[0]));
}

}  // namespace

Tensor max_pooled(const Call& c) {
  need_images(c);
  return max_pool2d(c[0], c.pair("window", 1), pooling(c, c.shape(0), c.result(), c.pair("dilation", 1)));
}

Tensor averaged(const Call& c) {
  need_images(c);
  Pool2dOptions o = pooling(c, c.shape(0), c.result(), {1, 1});
  o.count_include_pad = c.flag("count_include_pad");
  return avg_pool2d(c[0], c.pair("window", 1), o);
}

Tensor averaged_input(const Call& c) {
  need_images(c);
  const Pair size = c.pair("size", 1);
  Pool2dOptions o = pooling(c, with_size(c, c.shape(0), size), c.shape(0), {1, 1});
  o.count_include_pad = c.flag("count_include_pad");
  return avg_pool2d_input(c[0], size, c.pair("window", 1), o);
}
// Windows of an adaptive average overlap by one row and column at most, or repeat.

Tensor adaptive(const Call& c) {
  need_images(c);
  const Pair size = c.pair("size", 1);
  with_size(c, c.shape(0), size);
  need_adaptive_work(c);
  return adaptive_avg_pool2d(c[0], size);
}

Tensor adaptive_input(const Call& c) {
  need_images(c);
  const Pair size = c.pair("size", 1);
  with_size(c, c.shape(0), size);
  need_adaptive_work(c);
  return adaptive_avg_pool2d_input(c[0], size);
}

Tensor convolved(const Call& c) {
  if (c.in.size() < 2 || c.in.size() > 3)
    c.refuse("it has the wrong number of inputs", std::to_string(c.in.size()), "2 or 3");
  need_images(c);
  const Shape& w = c.shape(1);
  const Conv2dOptions o = convolution(c, c.shape(0), c.result(), {w[2], w[3]}, per_element(w));
  if (c.in.size() == 2) return conv2d(c[0], c[1], {}, o);
  c.need_shape(c.shape(2), "the shape of the addend");
  return conv2d(c[0], c[1], {}, o) + c[2];
}

Tensor convolved_input(const Call& c) {
  need_images(c);
  const Shape &w = c.shape(0), &y = c.shape(1);
  const Pair size = c.pair("size", 1);
  const Conv2dOptions o = convolution(c, c.result(), y, {w[2], w[3]}, per_element(w));
  c.need_shape({y[0], w[1] * o.groups, size[0], size[1]}, "attribute 'size'");
  return conv2d_input(c[0], c[1], size, o);
}

Tensor convolved_weight(const Call& c) {
  need_images(c);
  const Shape &x = c.shape(0), &y = c.shape(1);
  const Pair size = c.pair("size", 1);
  const Conv2dOptions o = convolution(c, x, y, size, per_element(c.result()));
  c.need_shape({y[1], x[1] / o.groups, size[0], size[1]}, "attribute 'size'");
  return conv2d_weight(c[0], c[1], size, o);
}

}  // namespace gradus::study::trace

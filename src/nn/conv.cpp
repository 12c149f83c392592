#include <gradus/nn/conv.hpp>

#include <cmath>

#include <gradus/nn/init.hpp>
#include <gradus/op.hpp>

#include "nn/check.hpp"

namespace gradus::nn {

Conv2d::Conv2d(std::int64_t in, std::int64_t out, Pair kernel, const Conv2dOptions& options, Loc where)
    : in_channels(in),
      out_channels(out),
      kernel_size(kernel),
      stride(options.stride),
      padding(options.padding),
      dilation(options.dilation),
      groups(options.groups) {
  check_sizes("Conv2d", {{"in_channels", in}, {"out_channels", out}, {"groups", groups}}, where);
  check_pair("Conv2d", "kernel_size", kernel, where);
  check_pair("Conv2d", "stride", stride, where);
  check_pair("Conv2d", "padding", padding, where, 0);
  check_pair("Conv2d", "dilation", dilation, where);
  check_floating("Conv2d", options.dtype, where);
  if (in % groups || out % groups)
    fail("Conv2d",
         {.wrong = "the channels do not fall into groups of one size",
          .got = fmt::format("{} -> {} channels, {} groups", in, out, groups),
          .expected = "both a multiple of groups"},
         where);
  const Shape shape{out, in / groups, kernel[0], kernel[1]};
  const double bound = 1 / std::sqrt(static_cast<double>(shape[1] * shape[2] * shape[3]));  // as in Linear
  weight = init::uniform_(zeros(shape, options.dtype, where), -bound, bound);
  if (options.bias) bias = init::uniform_(zeros({out}, options.dtype, where), -bound, bound);
}

Tensor Conv2d::forward(Arg x) const {
  const At at(x);
  return conv2d(x, weight, bias, {.stride = stride, .padding = padding, .dilation = dilation, .groups = groups});
}

std::string Conv2d::describe() const {
  std::string s = fmt::format("{} -> {}, {}", in_channels, out_channels, text(kernel_size));
  if (stride != Pair(1)) s += ", stride " + text(stride, true);
  if (padding != Pair(0)) s += ", padding " + text(padding, true);
  if (dilation != Pair(1)) s += ", dilation " + text(dilation, true);
  if (groups != 1) s += fmt::format(", groups {}", groups);
  return bias.defined() ? s : s + ", no bias";
}

namespace {

void check_pool(const char* layer, const Pair& window, const Pool2dOptions& o, Loc where) {
  check_pair(layer, "kernel_size", window, where);
  check_pair(layer, "stride", o.stride, where, 0);
  check_pair(layer, "padding", o.padding, where, 0);
  check_pair(layer, "dilation", o.dilation, where);
}

std::string describe_pool(const Pair& window, const Pool2dOptions& o) {
  std::string s = text(window);
  if (o.stride != Pair(0) && o.stride != window) s += ", stride " + text(o.stride, true);
  if (o.padding != Pair(0)) s += ", padding " + text(o.padding, true);
  if (o.dilation != Pair(1)) s += ", dilation " + text(o.dilation, true);
  return s;
}

}  // namespace

MaxPool2d::MaxPool2d(Pair window, const Pool2dOptions& o, Loc where) : kernel_size(window), options(o) {
  check_pool("MaxPool2d", window, o, where);
}
Tensor MaxPool2d::forward(Arg x) const { return max_pool2d(x, kernel_size, options); }
std::string MaxPool2d::describe() const { return describe_pool(kernel_size, options); }

AvgPool2d::AvgPool2d(Pair window, const Pool2dOptions& o, Loc where) : kernel_size(window), options(o) {
  check_pool("AvgPool2d", window, o, where);
}
Tensor AvgPool2d::forward(Arg x) const { return avg_pool2d(x, kernel_size, options); }
std::string AvgPool2d::describe() const { return describe_pool(kernel_size, options); }

AdaptiveAvgPool2d::AdaptiveAvgPool2d(Pair size, Loc where) : output_size(size) {
  check_pair("AdaptiveAvgPool2d", "output_size", size, where);
}
Tensor AdaptiveAvgPool2d::forward(Arg x) const { return adaptive_avg_pool2d(x, output_size); }
std::string AdaptiveAvgPool2d::describe() const { return "to " + text(output_size); }

}  // namespace gradus::nn

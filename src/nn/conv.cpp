#include <gradus/nn/conv.hpp>

#include <cmath>

#include <gradus/nn/init.hpp>
#include <gradus/op.hpp>
#include <gradus/ops/conv.hpp>

#include "nn/check.hpp"
#include "tensor/format.hpp"

namespace gradus::nn {

namespace {

void check_conv(const char* layer, std::int64_t in, std::int64_t out, std::int64_t groups, DType dtype, Loc where) {
  check_sizes(layer, {{"in_channels", in}, {"out_channels", out}, {"groups", groups}}, where);
  check_floating(layer, dtype, where);
  if (in % groups || out % groups)
    fail(layer,
         {.wrong = "the channels do not fall into groups of one size",
          .got = formatted("{} -> {} channels, {} groups", in, out, groups),
          .expected = "both a multiple of groups"},
         where);
}

void check_window(const char* layer, const Pair& kernel, const Pair& stride, const Pair& padding, const Pair& dilation,
                  Loc where) {
  check_pair(layer, "kernel_size", kernel, where);
  check_pair(layer, "stride", stride, where);
  check_pair(layer, "padding", padding, where, 0);
  check_pair(layer, "dilation", dilation, where);
}

// Uniform in ±1/sqrt(fan_in of the weight), as in Linear.
Tensor start(const Shape& shape, const Shape& weight, DType dtype, Loc where) {
  const double bound = 1 / std::sqrt(static_cast<double>(weight.numel() / weight[0]));
  return init::uniform_(zeros(shape, dtype, where), -bound, bound);
}

template <class Conv, class Text>
std::string describe_conv(const Conv& c, Text size) {
  std::string s = formatted("{} -> {}, {}", c.in_channels, c.out_channels, size(c.kernel_size, false));
  if (c.stride != decltype(c.stride)(1)) s += ", stride " + size(c.stride, true);
  if (c.padding != decltype(c.padding)(0)) s += ", padding " + size(c.padding, true);
  if constexpr (requires { c.output_padding; })
    if (c.output_padding != Pair(0)) s += ", output padding " + size(c.output_padding, true);
  if (c.dilation != decltype(c.dilation)(1)) s += ", dilation " + size(c.dilation, true);
  if (c.groups != 1) s += formatted(", groups {}", c.groups);
  return c.bias.defined() ? s : s + ", no bias";
}

}  // namespace

// ---- convolutions ----

Conv1d::Conv1d(std::int64_t in, std::int64_t out, std::int64_t kernel, const Conv1dOptions& options, Loc where)
    : in_channels(in),
      out_channels(out),
      kernel_size(kernel),
      stride(options.stride),
      padding(options.padding),
      dilation(options.dilation),
      groups(options.groups) {
  check_conv("Conv1d", in, out, groups, options.dtype, where);
  check_window("Conv1d", kernel, stride, padding, dilation, where);
  const Shape shape{out, in / groups, kernel};
  weight = start(shape, shape, options.dtype, where);
  if (options.bias) bias = start({out}, shape, options.dtype, where);
}

Tensor Conv1d::forward(Arg x) const {
  const At at(x);
  return conv1d(x, weight, bias, {.stride = stride, .padding = padding, .dilation = dilation, .groups = groups});
}

std::string Conv1d::describe() const {
  return describe_conv(*this, [](std::int64_t size, bool) { return formatted("{}", size); });
}

Conv2d::Conv2d(std::int64_t in, std::int64_t out, Pair kernel, const Conv2dOptions& options, Loc where)
    : in_channels(in),
      out_channels(out),
      kernel_size(kernel),
      stride(options.stride),
      padding(options.padding),
      dilation(options.dilation),
      groups(options.groups) {
  check_conv("Conv2d", in, out, groups, options.dtype, where);
  check_window("Conv2d", kernel, stride, padding, dilation, where);
  const Shape shape{out, in / groups, kernel[0], kernel[1]};
  weight = start(shape, shape, options.dtype, where);
  if (options.bias) bias = start({out}, shape, options.dtype, where);
}

Tensor Conv2d::forward(Arg x) const {
  const At at(x);
  return conv2d(x, weight, bias, {.stride = stride, .padding = padding, .dilation = dilation, .groups = groups});
}

std::string Conv2d::describe() const { return describe_conv(*this, text); }

ConvTranspose2d::ConvTranspose2d(std::int64_t in, std::int64_t out, Pair kernel, const ConvTranspose2dOptions& options,
                                 Loc where)
    : in_channels(in),
      out_channels(out),
      kernel_size(kernel),
      stride(options.stride),
      padding(options.padding),
      output_padding(options.output_padding),
      groups(options.groups),
      dilation(options.dilation) {
  check_conv("ConvTranspose2d", in, out, groups, options.dtype, where);
  check_window("ConvTranspose2d", kernel, stride, padding, dilation, where);
  check_pair("ConvTranspose2d", "output_padding", output_padding, where, 0);
  const Shape shape{in, out / groups, kernel[0], kernel[1]};
  weight = start(shape, shape, options.dtype, where);
  if (options.bias) bias = start({out}, shape, options.dtype, where);
}

Tensor ConvTranspose2d::forward(Arg x) const {
  const At at(x);
  return conv_transpose2d(
      x, weight, bias,
      {.stride = stride, .padding = padding, .output_padding = output_padding, .dilation = dilation, .groups = groups});
}

std::string ConvTranspose2d::describe() const { return describe_conv(*this, text); }

// ---- pooling ----

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

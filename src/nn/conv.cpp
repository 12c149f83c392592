// Convolution and pooling layers: what they check, how they start, what they call.
#include <gradus/nn/conv.hpp>

#include <cmath>

#include <gradus/nn/init.hpp>
#include <gradus/op.hpp>
#include <gradus/ops/conv.hpp>
#include <gradus/ops/shape.hpp>

#include "nn/check.hpp"
#include "tensor/format.hpp"

namespace gradus::nn {

namespace {

void check_channels(const char* layer, std::int64_t in, std::int64_t out, std::int64_t groups, Loc where) {
  check_sizes(layer, {{"in_channels", in}, {"out_channels", out}, {"groups", groups}}, where);
  check_multiple(layer, "in_channels", in, "groups", groups, where);
  check_multiple(layer, "out_channels", out, "groups", groups, where);
}

void check_window(const char* layer, const Pair& kernel, const Pair& stride, const Pair& padding, const Pair& dilation,
                  Loc where) {
  check_pair(layer, "kernel_size", kernel, where);
  check_pair(layer, "stride", stride, where);
  check_pair(layer, "padding", padding, where, 0);
  check_pair(layer, "dilation", dilation, where);
}

// Fills weight and bias uniformly in ±1/sqrt(fan_in of the weight), as in Linear.
template <class Conv, class Options>
void start(const char* layer, Conv& conv, const Shape& shape, const Options& options, Loc where) {
  check_floating(layer, options.dtype, where);
  check_weight(layer, shape, where);
  const double bound = 1 / std::sqrt(static_cast<double>(shape.numel() / shape[0]));
  conv.weight = init::uniform_(zeros(shape, options.dtype, where), -bound, bound);
  if (options.bias) conv.bias = init::uniform_(zeros({conv.out_channels}, options.dtype, where), -bound, bound);
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
  check_channels("Conv1d", in, out, groups, where);
  check_window("Conv1d", kernel, stride, padding, dilation, where);
  start("Conv1d", *this, {out, in / groups, kernel}, options, where);
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
  check_channels("Conv2d", in, out, groups, where);
  check_window("Conv2d", kernel, stride, padding, dilation, where);
  start("Conv2d", *this, {out, in / groups, kernel[0], kernel[1]}, options, where);
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
  check_channels("ConvTranspose2d", in, out, groups, where);
  check_window("ConvTranspose2d", kernel, stride, padding, dilation, where);
  check_pair("ConvTranspose2d", "output_padding", output_padding, where, 0);
  start("ConvTranspose2d", *this, {in, out / groups, kernel[0], kernel[1]}, options, where);
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

MaxPool1d::MaxPool1d(std::int64_t window, const MaxPool1dOptions& o, Loc where) : kernel_size(window), options(o) {
  check_sizes("MaxPool1d", {{"kernel_size", window}, {"dilation", o.dilation}}, where);
  check_sizes("MaxPool1d", {{"stride", o.stride}, {"padding", o.padding}}, where, 0);
}

Tensor MaxPool1d::forward(Arg x) const {
  gradus::detail::check_defined(x, "MaxPool1d", x.where);
  if (x.tensor().dim() != 3)
    fail("MaxPool1d",
         {.wrong = "the input has the wrong number of axes",
          .got = to_string(x.tensor().shape()),
          .expected = "(N, C, L)"},
         x.where);
  const At at(x);
  const std::int64_t stride = options.stride == 0 ? kernel_size : options.stride;
  const Pool2dOptions o{.stride = {1, stride},
                        .padding = {0, options.padding},
                        .dilation = {1, options.dilation},
                        .ceil_mode = options.ceil_mode};
  return squeeze(max_pool2d(unsqueeze(x, 2), {1, kernel_size}, o), 2);
}

std::string MaxPool1d::describe() const {
  std::string s = formatted("{}", kernel_size);
  if (options.stride != 0 && options.stride != kernel_size) s += formatted(", stride {}", options.stride);
  if (options.padding != 0) s += formatted(", padding {}", options.padding);
  if (options.dilation != 1) s += formatted(", dilation {}", options.dilation);
  return s;
}

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

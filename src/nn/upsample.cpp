// Upsample: for each axis, which two numbers of the input are mixed, and how.
#include <gradus/nn/upsample.hpp>

#include <algorithm>
#include <cmath>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "nn/check.hpp"
#include "tensor/format.hpp"

namespace gradus::nn {

namespace {

constexpr const char* layer = "Upsample";

const char* name_of(UpsampleMode mode) {
  if (mode == UpsampleMode::nearest) return "nearest";
  return mode == UpsampleMode::linear ? "linear" : "bilinear";
}

// PyTorch finds the place in float, so that is done here: at a border the next number would be another one.
Tensor nearest(const Tensor& x, int axis, std::int64_t out, double factor) {
  const std::int64_t in = x.size(axis);
  const float step = factor > 0 ? static_cast<float>(1 / factor) : static_cast<float>(in) / static_cast<float>(out);
  std::vector<std::int64_t> places(static_cast<std::size_t>(out));
  for (std::int64_t i = 0; i < out; ++i)
    places[static_cast<std::size_t>(i)] =
        std::min(static_cast<std::int64_t>(std::floor(static_cast<float>(i) * step)), in - 1);
  return index_select(x, axis, from_data(std::span<const std::int64_t>(places), {out}));
}

Tensor linear(const Tensor& x, int axis, std::int64_t out, const UpsampleOptions& o) {
  const std::int64_t in = x.size(axis);
  const auto ratio = [](std::int64_t a, std::int64_t b) { return static_cast<double>(a) / static_cast<double>(b); };
  const double scale = o.scale_factor > 0 ? 1 / o.scale_factor : ratio(in, out);
  std::vector<std::int64_t> low, high;
  std::vector<double> weight;
  for (std::int64_t i = 0; i < out; ++i) {
    double at = std::max(0.0, (static_cast<double>(i) + 0.5) * scale - 0.5);
    if (o.align_corners) at = out > 1 ? static_cast<double>(i) * ratio(in - 1, out - 1) : 0;
    const std::int64_t first = std::min(static_cast<std::int64_t>(at), in - 1);
    low.push_back(first);
    high.push_back(std::min(first + 1, in - 1));
    weight.push_back(std::min(at - static_cast<double>(first), 1.0));
  }
  Shape along;
  for (int k = 0; k < x.dim(); ++k) along.push_back(k == axis ? out : 1);
  const Tensor w = from_data(std::span<const double>(weight), along).to(x.dtype());
  const auto pick = [&](const std::vector<std::int64_t>& places) {
    return index_select(x, axis, from_data(std::span<const std::int64_t>(places), {out}));
  };
  return pick(low) * (1 - w) + pick(high) * w;
}

}  // namespace

Upsample::Upsample(const UpsampleOptions& o, Loc where) : options(o) {
  const bool sized = o.size != Pair(0);
  if (sized == (o.scale_factor != 0))
    fail(layer,
         {.wrong = "one of size and scale_factor must be given",
          .got = sized ? "both" : "neither",
          .expected = "{.scale_factor = 2} or {.size = {32, 32}}"},
         where);
  if (sized) check_pair(layer, "size", o.size, where);
  if (!sized && !(o.scale_factor > 0 && o.scale_factor <= 1 << 20))
    fail(layer,
         {.wrong = "scale_factor is out of range",
          .got = gradus::detail::number_text(o.scale_factor),
          .expected = "a number above 0, at most 1048576"},
         where);
  if (o.align_corners && o.mode == UpsampleMode::nearest)
    fail(layer, {.wrong = "align_corners has no meaning with nearest", .expected = "linear or bilinear"}, where);
}

Tensor Upsample::forward(Arg x) const {
  gradus::detail::check_defined(x, layer, x.where);
  const Tensor& given = x;
  const int least = options.mode == UpsampleMode::bilinear ? 4 : 3, most = options.mode == UpsampleMode::linear ? 3 : 4;
  if (given.dim() < least || given.dim() > most || given.numel() == 0 || !is_floating(given.dtype()))
    fail(layer,
         {.wrong = "the input has the wrong shape or dtype",
          .got = formatted("{} {}", to_string(given.shape()), name(given.dtype())),
          .expected = least == most ? formatted("{}, f32 or f64", least == 4 ? "(N, C, H, W)" : "(N, C, L)")
                                    : "(N, C, L) or (N, C, H, W), f32 or f64"},
         x.where);
  const At at(x);
  Tensor y = given;
  for (int axis = 2; axis < given.dim(); ++axis) {
    const double scaled = std::floor(static_cast<double>(given.size(axis)) * options.scale_factor);
    const std::int64_t out =
        options.scale_factor > 0 ? static_cast<std::int64_t>(scaled) : options.size[static_cast<std::size_t>(axis - 2)];
    if (out < 1)
      fail(layer,
           {.wrong = "the result would be empty",
            .got = formatted("size {} times {}", given.size(axis), gradus::detail::number_text(options.scale_factor)),
            .expected = "1 or more"},
           x.where);
    y = options.mode == UpsampleMode::nearest ? nearest(y, axis, out, options.scale_factor)
                                              : linear(y, axis, out, options);
  }
  return y;
}

std::string Upsample::describe() const {
  std::string s =
      options.scale_factor > 0 ? "by " + gradus::detail::number_text(options.scale_factor) : "to " + text(options.size);
  s += formatted(", {}", name_of(options.mode));
  return options.align_corners ? s + ", corners aligned" : s;
}

}  // namespace gradus::nn

// Augmentation of images: what is drawn for an image, and the map from its pixels to those of the result.
#include <gradus/data/augment.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "data/check.hpp"
#include "kernels/parallel.hpp"
#include "kernels/random.hpp"
#include "tensor/format.hpp"
#include "tensor/make.hpp"

namespace gradus::data {
namespace {

// Counters from here on belong to augmentation: initial weights and orders of batches use others of the same seed.
constexpr std::uint64_t first_counter = std::uint64_t{1} << 62;

struct Rectangle {
  std::int64_t top = 0, left = 0, height = 0, width = 0;
};

// What happens to one image. Pixel (i, j) of the result comes from row a0 + a1 i + a2 j and column b0 + b1 i + b2 j.
struct Change {
  double a0, a1, a2, b0, b1, b2;
  Rectangle erased;
};

Rectangle rectangle(std::int64_t h, std::int64_t w, const double* u) {
  const double area = (0.02 + 0.31 * u[0]) * static_cast<double>(h * w);  // the shares and sides of the paper
  const double aspect = std::exp((2 * u[1] - 1) * std::log(1 / 0.3));
  const auto side = [](double length, std::int64_t most) {
    return std::clamp<std::int64_t>(std::llround(length), 1, most);
  };
  const std::int64_t height = side(std::sqrt(area * aspect), h), width = side(std::sqrt(area / aspect), w);
  const auto place = [](double at, std::int64_t room) {
    return static_cast<std::int64_t>(at * static_cast<double>(room + 1));
  };
  return {place(u[2], h - height), place(u[3], w - width), height, width};
}

Change drawn(const AugmentOptions& o, std::uint64_t key, std::int64_t example, std::int64_t h, std::int64_t w) {
  constexpr std::int64_t draws = 16;
  double u[draws];
  kernels::uniform(key, static_cast<std::uint64_t>(example) * draws, draws, u);
  const auto signed_part = [&](int i) { return 2 * u[i] - 1; };
  const double middle_i = static_cast<double>(h - 1) / 2, middle_j = static_cast<double>(w - 1) / 2;
  const double zoom_i = 1 - o.crop * u[0], zoom_j = 1 - o.crop * u[1];
  // Where the middle of the result comes from.
  const double from_i = middle_i + signed_part(2) * (1 - zoom_i) * middle_i -
                        std::round(signed_part(4) * o.shift * static_cast<double>(h));
  const double from_j = middle_j + signed_part(3) * (1 - zoom_j) * middle_j -
                        std::round(signed_part(5) * o.shift * static_cast<double>(w));
  const double angle = signed_part(6) * o.rotate * std::numbers::pi / 180, c = std::cos(angle), s = std::sin(angle);
  const double mirror = o.flip && u[7] < 0.5 ? -1 : 1;
  Change change{0, zoom_i * c, -zoom_i * s * mirror, 0, zoom_j * s, zoom_j * c * mirror, {}};
  change.a0 = from_i - change.a1 * middle_i - change.a2 * middle_j;
  change.b0 = from_j - change.b1 * middle_i - change.b2 * middle_j;
  if (u[8] < o.erase) change.erased = rectangle(h, w, u + 9);
  return change;
}

// Row and column i of an image, `fill` outside.
template <class T>
struct Plane {
  const T* x;
  std::int64_t h, w;
  T fill;
  T at(std::int64_t i, std::int64_t j) const { return i < 0 || j < 0 || i >= h || j >= w ? fill : x[i * w + j]; }
  T between(double row, double column) const {
    // Far outside is outside: the conversion to integers stays in range.
    if (!(row > -1 && column > -1 && row < static_cast<double>(h) && column < static_cast<double>(w))) return fill;
    const double i0 = std::floor(row), j0 = std::floor(column);
    const T p = static_cast<T>(row - i0), q = static_cast<T>(column - j0);
    const auto i = static_cast<std::int64_t>(i0), j = static_cast<std::int64_t>(j0);
    if (p == 0 && q == 0) return at(i, j);
    return (1 - p) * ((1 - q) * at(i, j) + q * at(i, j + 1)) + p * ((1 - q) * at(i + 1, j) + q * at(i + 1, j + 1));
  }
};

template <class T>
void apply(const Change& c, const Plane<T>& from, T* to) {
  for (std::int64_t i = 0; i < from.h; ++i) {
    for (std::int64_t j = 0; j < from.w; ++j) {
      const auto di = static_cast<double>(i), dj = static_cast<double>(j);
      to[i * from.w + j] = from.between(c.a0 + c.a1 * di + c.a2 * dj, c.b0 + c.b1 * di + c.b2 * dj);
    }
  }
  const Rectangle& e = c.erased;
  for (std::int64_t i = e.top; i < e.top + e.height; ++i) std::fill_n(to + i * from.w + e.left, e.width, from.fill);
}

void check_range(const char* name, double value, double low, double high, const char* expected, Loc where) {
  if (value >= low && value <= high) return;
  throw Error("Augment",
              {.wrong = formatted("{} is out of range", name), .got = formatted("{}", value), .expected = expected},
              where);
}

void check_batch(const Dataset& batch, const Tensor& index, Loc where) {
  check(batch, "Augment", where);
  const Tensor& x = batch.x;
  if (!is_floating(x.dtype()) || (x.dim() != 3 && x.dim() != 4))
    throw Error("Augment",
                {.wrong = "x is no batch of images",
                 .got = formatted("{} {}", name(x.dtype()), to_string(x.shape())),
                 .expected = "f32 or f64, (N, C, H, W) or (N, H, W)",
                 .advice = "for rows of pixels: x.reshape({-1, channels, height, width})"},
                where);
  if (!index.defined() || index.dtype() != i64 || index.dim() != 1 || index.numel() != batch.size())
    throw Error("Augment",
                {.wrong = "the index does not have a number for each image",
                 .got = index.defined() ? formatted("{} {}", name(index.dtype()), to_string(index.shape()))
                                        : "an undefined tensor",
                 .expected = formatted("i64 ({},)", batch.size())},
                where);
}

}  // namespace

Augment::Augment(const AugmentOptions& options, Loc where) : options_(options), where_(where) {
  check_range("shift", options.shift, 0, 1, "a part of the image: 0 to 1", where);
  check_range("rotate", options.rotate, 0, 360, "degrees: 0 to 360", where);
  check_range("crop", options.crop, 0, 0.99, "a part of each side: 0 to 0.99", where);
  check_range("erase", options.erase, 0, 1, "a probability: 0 to 1", where);
}

Dataset Augment::operator()(const Dataset& batch, const Tensor& index, std::int64_t epoch) const {
  check_batch(batch, index, where_);
  const Tensor x = detail::dense(batch.x), numbers = detail::dense(index);
  Tensor y = detail::make(x.shape(), x.dtype(), "Augment", where_);
  if (x.numel() == 0) return {y, batch.y};
  const std::int64_t h = x.size(-2), w = x.size(-1), planes = x.dim() == 4 ? x.size(1) : 1;
  const std::uint64_t key = kernels::philox(options_.seed, first_counter + static_cast<std::uint64_t>(epoch));
  const auto* example = detail::data<std::int64_t>(numbers);
  detail::visit(x.dtype(), [&]<class T>() {
    if constexpr (std::is_floating_point_v<T>) {
      const T* from = detail::data<T>(x);
      T* to = detail::data<T>(y);
      kernels::parallel_for(batch.size(), 4, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t n = begin; n < end; ++n) {
          const Change change = drawn(options_, key, example[n], h, w);
          for (std::int64_t plane = n * planes; plane < (n + 1) * planes; ++plane)
            apply(change, Plane<T>{from + plane * h * w, h, w, static_cast<T>(options_.fill)}, to + plane * h * w);
        }
      });
    }
  });
  return {y, batch.y};
}

}  // namespace gradus::data

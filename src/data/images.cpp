// Images as bytes, and how they become f32.
#include <gradus/data/images.hpp>

#include <array>
#include <cmath>

#include "io/crc32.hpp"
#include "kernels/parallel.hpp"
#include "tensor/format.hpp"
#include "tensor/make.hpp"

namespace gradus::data {
namespace {

// A table: a division for each pixel takes longer.
const std::array<float, 256>& shades() {
  static const std::array<float, 256> all = [] {
    std::array<float, 256> shade;
    for (int i = 0; i < 256; ++i) shade[static_cast<std::size_t>(i)] = static_cast<float>(i) / 255;
    return shade;
  }();
  return all;
}

// How often each byte occurs.
std::array<double, 256> counts(const std::vector<std::uint8_t>& bytes) {
  std::array<std::int64_t, 256> count{};
  for (const std::uint8_t b : bytes) ++count[b];
  std::array<double, 256> all;
  for (std::size_t i = 0; i < 256; ++i) all[i] = static_cast<double>(count[i]);
  return all;
}

double mean_of(const std::array<double, 256>& count, double all) {
  double sum = 0;
  for (std::size_t i = 0; i < 256; ++i) sum += count[i] * static_cast<double>(i);
  return sum / all / 255;
}

}  // namespace

Images::Images(std::vector<std::uint8_t> bytes, const Shape& shape, Tensor labels, Loc where)
    : y(std::move(labels)), shape_(shape) {
  detail::check_defined(y, "Images", where);
  const std::int64_t one = shape.numel(), n = y.dim() > 0 ? y.shape()[0] : 0;
  std::int64_t all = 0;
  if (n < 1 || one < 1 || __builtin_mul_overflow(n, one, &all) || std::ssize(bytes) != all)
    throw Error(
        "Images",
        {.wrong = n < 1 || one < 1 ? "there is no image" : "the numbers of bytes and of labels disagree",
         .got = formatted("{} bytes, images of {}, labels {}", bytes.size(), to_string(shape), to_string(y.shape())),
         .expected = "as many bytes as labels times numbers of one image"},
        where);
  y = detail::dense(y.detach());
  bytes_ = std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes));
}

Dataset Images::rows(const Tensor& index, Loc where) const {
  if (!bytes_ || size() * shape_.numel() != std::ssize(*bytes_))
    throw Error("rows",
                {.wrong = bytes_ ? "the labels have been replaced by others of another length" : "there is no image",
                 .got = formatted("{} labels", size()),
                 .expected = "a label for each image"},
                where);
  // The labels check the numbers.
  Dataset batch = Dataset{y, y}.rows(index, where);
  const Tensor numbers = detail::dense(index);
  const auto* at = detail::data<std::int64_t>(numbers);
  Shape shape = shape_;
  shape.insert(0, numbers.numel());
  batch.x = detail::make(shape, f32, "rows", where);
  const std::int64_t one = shape_.numel();
  float* const to = detail::data<float>(batch.x);
  const std::uint8_t* const from = bytes();
  const float* const shade = shades().data();
  kernels::parallel_for(numbers.numel(), 1 + (1 << 16) / one, [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      for (std::int64_t k = 0; k < one; ++k) to[i * one + k] = shade[from[at[i] * one + k]];
  });
  return batch;
}

Dataset Images::dataset(Loc where) const {
  Shape shape = shape_;
  shape.insert(0, size());
  Tensor x = detail::make(shape, f32, "dataset", where);
  float* const to = detail::data<float>(x);
  const std::uint8_t* const from = bytes();
  const float* const shade = shades().data();
  kernels::parallel_for(x.numel(), 1 << 16, [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) to[i] = shade[from[i]];
  });
  return {std::move(x), y};
}

Images Images::reshape(const Shape& shape, Loc where) const {
  if (shape.numel() != shape_.numel())
    throw Error("reshape",
                {.wrong = "the shapes of an image differ in their number of elements",
                 .got = to_string(shape),
                 .expected = formatted("{} elements, as {}", shape_.numel(), to_string(shape_))},
                where);
  Images other = *this;
  other.shape_ = shape;
  return other;
}

double Images::mean() const {
  if (!bytes_) return 0;
  return mean_of(counts(*bytes_), static_cast<double>(bytes_->size()));
}

double Images::deviation() const {
  if (!bytes_) return 0;
  const auto count = counts(*bytes_);
  const auto all = static_cast<double>(bytes_->size());
  const double mean = mean_of(count, all);
  double squares = 0;
  for (std::size_t i = 0; i < 256; ++i) {
    const double d = static_cast<double>(i) / 255 - mean;
    squares += count[i] * d * d;
  }
  return std::sqrt(squares / all);
}

std::uint32_t Images::checksum() const {
  if (!bytes_) return 0;
  const std::uint32_t of_bytes = io::crc32(0, bytes_->data(), bytes_->size());
  return io::crc32(of_bytes, y.impl()->data, static_cast<std::size_t>(y.numel() * size_of(y.dtype())));
}

}  // namespace gradus::data

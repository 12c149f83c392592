// Windows of a text: where they begin, and their tokens.
#include <gradus/data/windows.hpp>

#include <algorithm>
#include <cmath>

#include "kernels/random.hpp"
#include "tensor/format.hpp"
#include "tensor/make.hpp"

namespace gradus::data {

Windows::Windows(std::span<const std::int64_t> tokens, const WindowOptions& options, Loc where)
    : options_(options), where_(where) {
  if (std::ssize(tokens) <= options.block)
    throw Error("windows",
                {.wrong = "the text, or a part of it, is too short",
                 .got = formatted("{} tokens in the part, windows of {}", tokens.size(), options.block),
                 .expected = formatted("{} tokens or more in each part", options.block + 1),
                 .advice = "a smaller block, or another test_fraction"},
                where);
  tokens_.reserve(tokens.size());
  for (const std::int64_t token : tokens) {
    if (!std::in_range<std::uint32_t>(token))
      throw Error("windows",
                  {.wrong = "a token is out of range", .got = formatted("{}", token), .expected = "0 to 2^32 - 1"},
                  where);
    tokens_.push_back(static_cast<std::uint32_t>(token));
  }
}

Dataset Windows::at(std::span<const std::int64_t> places) const {
  const Shape shape{std::ssize(places), options_.block};
  Dataset batch{detail::make(shape, i64, "windows", where_), detail::make(shape, i64, "windows", where_)};
  auto* x = detail::data<std::int64_t>(batch.x);
  auto* y = detail::data<std::int64_t>(batch.y);
  for (const std::int64_t place : places) {
    const auto from = tokens_.begin() + place;
    x = std::copy_n(from, options_.block, x);
    y = std::copy_n(from + 1, options_.block, y);
  }
  return batch;
}

Dataset Windows::batch(std::int64_t step) const {
  std::vector<std::int64_t> places(static_cast<std::size_t>(options_.size));
  // Counters of their own: not those of initial weights, of orders and of augmentation from the same seed.
  const std::uint64_t first = (std::uint64_t{3} << 62) + static_cast<std::uint64_t>(step * options_.size);
  kernels::integers(options_.seed, first, options_.size, 0, size() - options_.block, places.data());
  return at(places);
}

std::int64_t Windows::batches() const {
  const std::int64_t all = (size() - 1) / options_.block;
  return (all + options_.size - 1) / options_.size;
}

Dataset Windows::in_order(std::int64_t i) const {
  if (i < 0 || i >= batches())
    throw Error(
        "windows",
        {.wrong = "there is no such batch", .got = formatted("{}", i), .expected = formatted("0 to {}", batches() - 1)},
        where_);
  const std::int64_t all = (size() - 1) / options_.block, end = std::min((i + 1) * options_.size, all);
  std::vector<std::int64_t> places;
  for (std::int64_t window = i * options_.size; window < end; ++window) places.push_back(window * options_.block);
  return at(places);
}

WindowSplit windows(std::span<const std::int64_t> tokens, const WindowOptions& options, Loc where) {
  if (options.block < 1 || options.size < 1)
    throw Error("windows",
                {.wrong = "the block or the size is too small",
                 .got = formatted("block {}, size {}", options.block, options.size),
                 .expected = "1 or more"},
                where);
  if (!(options.test_fraction > 0 && options.test_fraction < 1))
    throw Error("windows",
                {.wrong = "the test fraction is out of range",
                 .got = formatted("{}", options.test_fraction),
                 .expected = "between 0 and 1"},
                where);
  const auto cut =
      static_cast<std::size_t>(std::llround((1 - options.test_fraction) * static_cast<double>(tokens.size())));
  return {.train = {tokens.first(cut), options, where}, .test = {tokens.subspan(cut), options, where}};
}

}  // namespace gradus::data

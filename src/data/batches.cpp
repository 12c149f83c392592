// Batches: which examples, in which order.
#include <gradus/data/batches.hpp>

#include <algorithm>

#include "data/check.hpp"
#include "kernels/random.hpp"
#include "tensor/make.hpp"

namespace gradus::data {

Batches::Batches(Dataset data, BatchOptions options, Loc where)
    : data_(std::move(data)), options_(options), where_(where) {
  check(data_, "batches", where);
  const std::int64_t n = data_.size();
  if (options_.size < 0) {
    throw Error("batches",
                {.wrong = "the batch size is negative",
                 .got = std::to_string(options_.size),
                 .advice = "0 for all examples in one batch"},
                where);
  }
  if (options_.size == 0 || options_.size > n) options_.size = n;
  data_ = {detail::dense(data_.x), detail::dense(data_.y)};
}

std::int64_t Batches::size() const {
  const std::int64_t n = data_.size(), size = options_.size;
  return options_.drop_last ? n / size : (n + size - 1) / size;
}

Batches::Iterator Batches::begin() const {
  if (!options_.shuffle) return {*this, Tensor{}};
  const std::int64_t n = data_.size();
  if (!options_.seed) return {*this, randperm(n, where_)};
  // The upper half of the counters, so that weights drawn from the same seed have nothing in common with the order.
  const auto epoch = static_cast<std::uint64_t>(options_.epoch) + static_cast<std::uint64_t>(begun_++);
  const std::uint64_t first = (std::uint64_t{1} << 63) + epoch * static_cast<std::uint64_t>(n);
  Tensor order = detail::make({n}, i64, "batches", where_);
  kernels::permutation(*options_.seed, first, n, detail::data<std::int64_t>(order));
  return {*this, order};
}

Dataset Batches::Iterator::operator*() const {
  const Dataset& data = batches_->data_;
  const std::int64_t size = batches_->options_.size, begin = batch_ * size, end = std::min(begin + size, data.size());
  if (!order_.defined()) return data.slice(begin, end, batches_->where_);
  return data.rows(detail::view(order_, {end - begin}, {1}, begin), batches_->where_);
}

Batches batches(Dataset data, BatchOptions options, Loc where) { return {std::move(data), options, where}; }

}  // namespace gradus::data

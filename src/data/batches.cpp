// Batches: which examples, in which order.
#include <gradus/data/batches.hpp>

#include <algorithm>

#include "data/check.hpp"
#include "kernels/random.hpp"
#include "tensor/format.hpp"
#include "tensor/make.hpp"

namespace gradus::data {

Batches::Batches(Dataset data, BatchOptions options, Loc where)
    : data_(std::move(data)), count_(data_.size()), options_(std::move(options)), where_(where) {
  check(data_, "batches", where);
  check_size();
  data_ = {detail::dense(data_.x), detail::dense(data_.y)};
}

Batches::Batches(std::int64_t count, Fetch fetch, BatchOptions options, Loc where)
    : count_(count), fetch_(std::move(fetch)), options_(std::move(options)), where_(where) {
  if (count_ < 1)
    throw Error("batches", {.wrong = "the data set is empty", .got = formatted("size() = {}", count_)}, where);
  check_size();
}

void Batches::check_size() {
  if (options_.size < 0) {
    throw Error("batches",
                {.wrong = "the batch size is negative",
                 .got = std::to_string(options_.size),
                 .advice = "0 for all examples in one batch"},
                where_);
  }
  if (options_.size == 0 || options_.size > count_) options_.size = count_;
}

std::int64_t Batches::size() const {
  const std::int64_t n = count_, size = options_.size;
  return options_.drop_last ? n / size : (n + size - 1) / size;
}

Batches::Iterator Batches::begin() const {
  const std::int64_t epoch = options_.epoch + begun_++;
  return {*this, order(epoch), epoch};
}

Tensor Batches::order(std::int64_t epoch) const {
  if (!options_.shuffle) return {};
  if (!options_.seed) return randperm(count_, where_);
  // The upper half of the counters, so that weights drawn from the same seed have nothing in common with the order.
  const std::uint64_t first =
      (std::uint64_t{1} << 63) + static_cast<std::uint64_t>(epoch) * static_cast<std::uint64_t>(count_);
  Tensor order = detail::make({count_}, i64, "batches", where_);
  kernels::permutation(*options_.seed, first, count_, detail::data<std::int64_t>(order));
  return order;
}

Dataset Batches::Iterator::operator*() const {
  const Batches& b = *batches_;
  const std::int64_t begin = batch_ * b.options_.size, end = std::min(begin + b.options_.size, b.count_);
  Tensor index;  // not needed for plain batches in order, which are views
  if (order_.defined())
    index = detail::view(order_, {end - begin}, {1}, begin);
  else if (b.fetch_ || b.options_.transform)
    index = arange(begin, end, 1, i64, b.where_);
  const auto examples = [&] {
    if (b.fetch_) return b.fetch_(index);
    return order_.defined() ? b.data_.rows(index, b.where_) : b.data_.slice(begin, end, b.where_);
  };
  Dataset batch = examples();
  return b.options_.transform ? b.options_.transform(std::move(batch), index, epoch_) : batch;
}

Batches batches(Dataset data, BatchOptions options, Loc where) { return {std::move(data), std::move(options), where}; }

}  // namespace gradus::data

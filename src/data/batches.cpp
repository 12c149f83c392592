// Batches: which examples, in which order, and where in them an iteration is.
#include <gradus/data/batches.hpp>

#include <algorithm>
#include <bit>

#include "data/check.hpp"
#include "kernels/random.hpp"
#include "tensor/format.hpp"
#include "tensor/make.hpp"

namespace gradus::data {
namespace {

std::int64_t bits(std::uint64_t n) { return std::bit_cast<std::int64_t>(n); }

Tensor number(std::int64_t n) { return from_data(std::vector<std::int64_t>{n}, {}); }

// The whole number that was saved under a name.
std::int64_t saved(const StateDict& state, const char* key, Loc where) {
  const Tensor* t = find(state, key);
  if (t && t->defined() && t->dtype() == i64 && t->numel() == 1) return t->item<std::int64_t>();
  throw Error("load_state_dict",
              {.wrong = formatted("'{}' is missing or is not one whole number", key),
               .got = formatted("{} names", state.size()),
               .advice = "load what state_dict() of batches has given"},
              detail::user_line(where));
}

}  // namespace

Batches::Batches(Dataset data, BatchOptions options, Loc where)
    : data_(std::move(data)),
      count_(data_.size()),
      options_(std::move(options)),
      epoch_(options_.epoch),
      where_(where) {
  check(data_, "batches", where);
  check_size();
  data_ = {detail::dense(data_.x), detail::dense(data_.y)};
}

Batches::Batches(std::int64_t count, Fetch fetch, BatchOptions options, Loc where,
                 std::function<std::uint64_t()> checksum)
    : count_(count),
      fetch_(std::move(fetch)),
      checksum_(std::move(checksum)),
      options_(std::move(options)),
      epoch_(options_.epoch),
      where_(where) {
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
  if (options_.epoch < 0) {
    throw Error("batches",
                {.wrong = "the number of the first epoch is negative",
                 .got = std::to_string(options_.epoch),
                 .expected = "0 or more"},
                where_);
  }
  if (options_.size == 0 || options_.size > count_) options_.size = count_;
}

std::int64_t Batches::size() const {
  const std::int64_t n = count_, size = options_.size;
  return options_.drop_last ? n / size : (n + size - 1) / size;
}

Batches::Iterator Batches::begin() const {
  if (!std::exchange(go_on_, false)) {
    if (under_way_) ++epoch_;
    position_ = 0;
    drawn_seed_ = default_generator().seed();
    drawn_counter_ = default_generator().counter();
    if (options_.shuffle && !options_.seed) default_generator().draw(count_);
  }
  under_way_ = true;
  Iterator it(*this, order());
  if (position_ == size()) finish_epoch();
  return it;
}

// Of epoch_, undefined if it is that of the dataset.
Tensor Batches::order() const {
  if (!options_.shuffle) return {};
  // The upper half of the counters, so that weights drawn from the same seed have nothing in common with the order.
  const std::uint64_t first =
      (std::uint64_t{1} << 63) + static_cast<std::uint64_t>(epoch_) * static_cast<std::uint64_t>(count_);
  Tensor order = detail::make({count_}, i64, "batches", where_);
  kernels::permutation(options_.seed.value_or(drawn_seed_), options_.seed ? first : drawn_counter_, count_,
                       detail::data<std::int64_t>(order));
  return order;
}

void Batches::finish_epoch() const {
  ++epoch_;
  position_ = 0;
  under_way_ = false;
}

void Batches::handed_out(std::int64_t epoch, std::int64_t batch) const {
  if (epoch == epoch_) position_ = batch + 1;
}

void Batches::passed(std::int64_t epoch, std::int64_t batch) const {
  if (epoch == epoch_ && batch + 1 == size()) finish_epoch();
}

Dataset Batches::Iterator::operator*() const {
  Dataset batch = make();
  batches_->handed_out(epoch_, batch_);
  return batch;
}

Batches::Iterator& Batches::Iterator::operator++() {
  batches_->passed(epoch_, batch_++);
  return *this;
}

Dataset Batches::Iterator::make() const {
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

StateDict Batches::state_dict() const {
  return {{"epoch", number(epoch_)},
          {"position", number(position_)},
          {"under_way", number(under_way_)},
          {"seed", number(bits(drawn_seed_))},
          {"counter", number(bits(drawn_counter_))}};
}

void Batches::load_state_dict(const StateDict& state, Loc where) {
  const std::int64_t epoch = saved(state, "epoch", where), position = saved(state, "position", where);
  const bool under_way = saved(state, "under_way", where) != 0;
  const std::int64_t seed = saved(state, "seed", where), counter = saved(state, "counter", where);
  if (epoch < 0 || position < 0 || position > size()) {
    throw Error("load_state_dict",
                {.wrong = "there is no such place in these batches",
                 .got = formatted("epoch {}, after {} batches", epoch, position),
                 .expected = formatted("at most {} batches", size())},
                detail::user_line(where));
  }
  epoch_ = epoch;
  position_ = position;
  under_way_ = under_way;
  go_on_ = under_way;
  drawn_seed_ = std::bit_cast<std::uint64_t>(seed);
  drawn_counter_ = std::bit_cast<std::uint64_t>(counter);
}

Batches batches(Dataset data, BatchOptions options, Loc where) { return {std::move(data), std::move(options), where}; }

}  // namespace gradus::data

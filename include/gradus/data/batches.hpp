// Epochs over a dataset: for (auto [x, y] : data::batches(train, {.size = 32, .shuffle = true})) …
//
// A range that is kept counts its epochs, and knows its place in them. So a training that was stopped can go on there:
//
//   auto batches = data::batches(train, {.size = 32, .shuffle = true});
//   while (batches.epoch() < 10) {
//     for (auto [x, y] : batches) …
//   }
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include <gradus/data/dataset.hpp>
#include <gradus/io/state_dict.hpp>

namespace gradus::data {

/// What happens to a batch before it is given out: augmentation, scaling. It gets the batch, the numbers of its
/// examples (i64, (N)) and the epoch. It should be a function of these alone: then each run gives the same bits, and so
/// does one that goes on from a checkpoint.
using Transform = std::function<Dataset(Dataset batch, const Tensor& index, std::int64_t epoch)>;

/// How a dataset is cut into batches.
struct BatchOptions {
  std::int64_t size = 32;  ///< examples in a batch; 1: single samples; 0, or more than there are: the full batch
  bool shuffle = false;    ///< in another order each epoch
  bool drop_last = false;  ///< leave out a last batch that is smaller than the others
  /// The order of a shuffled epoch is a function of (seed, epoch). Without a seed, each begin() draws one from
  /// default_generator(), so that manual_seed alone makes a run reproducible.
  std::optional<std::uint64_t> seed = {};
  std::int64_t epoch = 0;    ///< of the first begin(); each further begin() is the next epoch
  Transform transform = {};  ///< is applied to each batch
};

/// A range over batches; each begin(), and so each range-for over it, is another epoch. It keeps the dataset, so it may
/// be made from a temporary. Batches in order are views of the dataset; shuffled ones are copies. A tensor that is not
/// contiguous is copied once, at the start. One thread at a time.
class Batches {
 public:
  struct End {};

  /// What a range-for over batches moves; dereferenced, it gives a Dataset of one batch.
  class Iterator {
   public:
    Dataset operator*() const;
    Iterator& operator++();  ///< to the next batch
    bool operator==(End) const { return batch_ == batches_->size(); }

   private:
    friend class Batches;
    friend class Prefetched;
    Iterator(const Batches& batches, Tensor order)
        : batches_(&batches), order_(std::move(order)), epoch_(batches.epoch_), batch_(batches.position_) {}
    Dataset make() const;

    const Batches* batches_;
    Tensor order_;  ///< [N], undefined where the order is the dataset's own
    std::int64_t epoch_, batch_;
  };

  using Fetch = std::function<Dataset(const Tensor& index)>;  ///< the examples of these numbers, i64 (N)

  Batches(Dataset data, BatchOptions options, Loc where);  ///< use batches(), below
  Batches(std::int64_t count, Fetch fetch, BatchOptions options, Loc where,
          std::function<std::uint64_t()> checksum = {});  ///< use batches() of source.hpp
  Iterator begin() const;
  End end() const { return {}; }
  std::int64_t size() const;  ///< how many batches

  /// The number of the epoch that is under way, or that comes next: it grows when a loop has come to its end. A loop
  /// that was left by break is still under way until the next begin().
  std::int64_t epoch() const { return epoch_; }
  /// How many batches of that epoch have been handed out.
  std::int64_t position() const { return position_; }
  std::int64_t examples() const { return count_; }          ///< how many there are
  const Dataset& data() const { return data_; }             ///< undefined if they come from a source
  const BatchOptions& options() const { return options_; }  ///< .size is that of the batches
  /// Of a source that has one: equal for equal data.
  std::optional<std::uint64_t> checksum() const { return checksum_ ? std::optional(checksum_()) : std::nullopt; }

  /// The place: "epoch", "position", and what the order of that epoch was drawn from.
  StateDict state_dict() const;
  /// The next begin() goes on at that place: at the batch after the last that was handed out, in the order of that
  /// epoch. At the end of an epoch its loop is empty, so that what follows the loop is done. Throws for a position that
  /// does not exist in these batches.
  void load_state_dict(const StateDict& state, Loc where = Loc::current());

 private:
  friend class Prefetched;
  void check_size();
  Tensor order() const;
  // What an iterator of that epoch tells: a batch has been handed out, or passed.
  void handed_out(std::int64_t epoch, std::int64_t batch) const;
  void passed(std::int64_t epoch, std::int64_t batch) const;
  void finish_epoch() const;

  Dataset data_;  ///< undefined if the examples come from fetch_
  std::int64_t count_;
  Fetch fetch_;
  std::function<std::uint64_t()> checksum_;  ///< of the source; may be empty
  BatchOptions options_;
  // The place. It moves with the iterator of the last begin(), which does not change the batches.
  mutable std::int64_t epoch_;
  mutable std::int64_t position_ = 0;
  mutable bool under_way_ = false;  ///< has epoch_ begun?
  mutable bool go_on_ = false;      ///< with epoch_ at position_, at the next begin()
  /// Of default_generator(), when it drew the order of epoch_.
  mutable std::uint64_t drawn_seed_ = 0, drawn_counter_ = 0;
  Loc where_;
};

/// Throws for an empty dataset, for x and y of different lengths and for a negative size.
Batches batches(Dataset data, BatchOptions options = {}, Loc where = Loc::current());

}  // namespace gradus::data

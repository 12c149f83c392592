// One epoch over a dataset: for (auto [x, y] : data::batches(train, {.size = 32, .shuffle = true})) …
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include <gradus/data/dataset.hpp>

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
    Iterator& operator++() {  ///< to the next batch
      ++batch_;
      return *this;
    }
    bool operator==(End) const { return batch_ == batches_->size(); }

   private:
    friend class Batches;
    Iterator(const Batches& batches, Tensor order, std::int64_t epoch)
        : batches_(&batches), order_(std::move(order)), epoch_(epoch) {}

    const Batches* batches_;
    Tensor order_;  ///< [N], undefined where the order is the dataset's own
    std::int64_t epoch_;
    std::int64_t batch_ = 0;
  };

  using Fetch = std::function<Dataset(const Tensor& index)>;  ///< the examples of these numbers, i64 (N)

  Batches(Dataset data, BatchOptions options, Loc where);                     ///< use batches(), below
  Batches(std::int64_t count, Fetch fetch, BatchOptions options, Loc where);  ///< use batches() of source.hpp
  Iterator begin() const;
  End end() const { return {}; }
  std::int64_t size() const;  ///< how many batches

 private:
  void check_size();
  Tensor order(std::int64_t epoch) const;

  Dataset data_;  ///< undefined if the examples come from fetch_
  std::int64_t count_;
  Fetch fetch_;
  BatchOptions options_;
  mutable std::int64_t begun_ = 0;  ///< epochs
  Loc where_;
};

/// Throws for an empty dataset, for x and y of different lengths and for a negative size.
Batches batches(Dataset data, BatchOptions options = {}, Loc where = Loc::current());

}  // namespace gradus::data

// Batches of all ranks, of which each rank reads only its own share.
//
//   auto batches = dist::batches(train, {.size = 64, .shuffle = true, .seed = 1});     // 64 on all ranks together
//   for (const dist::Batch& batch : batches) sync.backward(batch, loss);
//
// data::batches works, too: then each rank reads the whole batch and computes its share. Both have the same number of
// steps on all ranks, whatever their number, so none waits for one that has ended.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include <gradus/data/batches.hpp>
#include <gradus/data/source.hpp>

namespace gradus::dist {

/// A batch of all ranks that has not been read yet.
struct Batch {
  Tensor index;                                            ///< i64 (N): the numbers of all its examples
  std::function<data::Dataset(const Tensor& index)> rows;  ///< reads some of them

  std::int64_t size() const { return index.numel(); }  ///< N
  /// Examples begin … end - 1 of the batch.
  data::Dataset slice(std::int64_t begin, std::int64_t end) const;
};

/// A range over batches of all ranks; each range-for over it is another epoch.
class Batches {
 public:
  /// For a range-based loop.
  class Iterator {
   public:
    Batch operator*() const;
    Iterator& operator++() {  ///< to the next batch
      ++at_;
      return *this;
    }
    bool operator==(data::Batches::End end) const { return at_ == end; }

   private:
    friend class Batches;
    Iterator(const Batches& of, data::Batches::Iterator at) : of_(&of), at_(std::move(at)), epoch_(of.order_.epoch()) {}
    const Batches* of_;
    data::Batches::Iterator at_;
    std::int64_t epoch_;
  };

  using Fetch = std::function<data::Dataset(const Tensor& index)>;                  ///< reads these examples
  Batches(std::int64_t count, Fetch fetch, data::BatchOptions options, Loc where);  ///< use batches(), below
  Iterator begin() const { return {*this, order_.begin()}; }
  data::Batches::End end() const { return {}; }
  std::int64_t size() const { return order_.size(); }    ///< how many batches
  std::int64_t epoch() const { return order_.epoch(); }  ///< that is under way, or comes next
  /// The order and the place in it, for a checkpoint: it is the same on all ranks, and for any number of them.
  data::Batches& order() { return order_; }

 private:
  Fetch fetch_;
  data::Transform transform_;
  data::Batches order_;
};

/// Of a dataset in memory. The options are those of data::batches; `.size` counts the examples of all ranks.
Batches batches(data::Dataset data, data::BatchOptions options = {}, Loc where = Loc::current());

/// Of a data set of your own: a rank asks for the examples of its share only.
template <data::Source S>
requires(!data::RowSource<S>) Batches batches(S source, data::BatchOptions options = {}, Loc where = Loc::current()) {
  const auto kept = std::make_shared<const S>(std::move(source));
  const auto fetch = [kept, where](const Tensor& index) {
    std::vector<data::Example> examples;
    for (const std::int64_t i : index.data<std::int64_t>()) examples.push_back((*kept)[i]);
    return data::collate(examples, index, where);
  };
  return {static_cast<std::int64_t>(kept->size()), fetch, std::move(options), where};
}

/// The same for a set that makes whole batches.
template <data::RowSource S>
Batches batches(S source, data::BatchOptions options = {}, Loc where = Loc::current()) {
  const auto kept = std::make_shared<const S>(std::move(source));
  const auto fetch = [kept](const Tensor& index) { return kept->rows(index); };
  return {static_cast<std::int64_t>(kept->size()), fetch, std::move(options), where};
}

}  // namespace gradus::dist

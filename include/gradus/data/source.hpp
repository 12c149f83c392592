// A data set of your own: a type with size() and operator[].
//
//   struct Squares {
//     std::int64_t size() const { return 1000; }
//     data::Example operator[](std::int64_t i) const {
//       const double x = static_cast<double>(i) / 1000;
//       return {scalar(x), scalar(x * x)};
//     }
//   };
//
//   for (auto [x, y] : data::batches(Squares{}, {.size = 32, .shuffle = true, .seed = 1})) …  // x and y (32)
//
// A set that can make a whole batch at once has rows() in the place of operator[], as data::Images does:
//
//   data::Dataset rows(const Tensor& index) const;  // of the examples of these numbers, i64 (N): x (N, …) and y (N, …)
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <gradus/data/batches.hpp>

namespace gradus::data {

/// One example of a data set: scalar(3, i64) is a class number as y.
struct Example {
  Tensor x, y;  ///< of any shapes and dtypes, the same for all examples
};

/// What a data set of your own has: how many examples there are, and number i of them.
template <class S>
concept Source = requires(const S& source, std::int64_t i) {
  { source.size() } -> std::convertible_to<std::int64_t>;
  { source[i] } -> std::convertible_to<Example>;
};

/// What a set of your own has that makes whole batches: how many examples there are, and those of some numbers.
template <class S>
concept RowSource = !std::derived_from<S, Dataset> && requires(const S& source, const Tensor& index) {
  { source.size() } -> std::convertible_to<std::int64_t>;
  { source.rows(index) } -> std::convertible_to<Dataset>;
};

/// Examples in one batch: x (N, …), y (N, …). `index` has their numbers, for the error that names one of another shape
/// or dtype than the first.
Dataset collate(std::span<const Example> examples, const Tensor& index, Loc where = Loc::current());

namespace source_detail {
/// The batch, if it has an example for each number of the index.
Dataset checked_rows(Dataset batch, const Tensor& index, Loc where);

/// That of the source, if it has one.
template <class S>
std::function<std::uint64_t()> checksum_of(const std::shared_ptr<const S>& source) {
  if constexpr (requires {
                  { source->checksum() } -> std::convertible_to<std::uint64_t>;
                })
    return [source] { return static_cast<std::uint64_t>(source->checksum()); };
  else
    return nullptr;
}
}  // namespace source_detail

/// Batches of a data set of your own, with all options of other batches. Examples are asked for when a batch needs
/// them, so that they need not fit in memory. Keeps the source. An exception of the source passes through. If the
/// source has checksum(), an unsigned number, a checkpoint notes it, and a run on other data does not go on from there.
template <Source S>
requires(!RowSource<S>) Batches batches(S source, BatchOptions options = {}, Loc where = Loc::current()) {
  const auto kept = std::make_shared<const S>(std::move(source));
  const auto fetch = [kept, where](const Tensor& index) {
    std::vector<Example> examples;
    for (const std::int64_t i : index.data<std::int64_t>()) examples.push_back((*kept)[i]);
    return collate(examples, index, where);
  };
  return {static_cast<std::int64_t>(kept->size()), fetch, std::move(options), where, source_detail::checksum_of(kept)};
}

/// The same for a set that makes whole batches. A batch of another length than its index is an error.
template <RowSource S>
Batches batches(S source, BatchOptions options = {}, Loc where = Loc::current()) {
  const auto kept = std::make_shared<const S>(std::move(source));
  const auto fetch = [kept, where](const Tensor& index) {
    return source_detail::checked_rows(kept->rows(index), index, where);
  };
  return {static_cast<std::int64_t>(kept->size()), fetch, std::move(options), where, source_detail::checksum_of(kept)};
}

}  // namespace gradus::data

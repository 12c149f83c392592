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
#pragma once

#include <concepts>
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

/// Examples in one batch: x (N, …), y (N, …). `index` has their numbers, for the error that names one of another shape
/// or dtype than the first.
Dataset collate(std::span<const Example> examples, const Tensor& index, Loc where = Loc::current());

/// Batches of a data set of your own, with all options of other batches. Examples are asked for when a batch needs
/// them, so that they need not fit in memory. Keeps the source. An exception of the source passes through.
template <Source S>
Batches batches(S source, BatchOptions options = {}, Loc where = Loc::current()) {
  const auto kept = std::make_shared<const S>(std::move(source));
  const auto fetch = [kept, where](const Tensor& index) {
    std::vector<Example> examples;
    for (const std::int64_t i : index.data<std::int64_t>()) examples.push_back((*kept)[i]);
    return collate(examples, index, where);
  };
  return {static_cast<std::int64_t>(kept->size()), fetch, std::move(options), where};
}

}  // namespace gradus::data

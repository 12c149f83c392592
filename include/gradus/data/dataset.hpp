// A dataset is two tensors in memory: examples along the first axis of x, their labels or targets along that of y.
#pragma once

#include <cstdint>

#include <gradus/tensor.hpp>

namespace gradus::data {

/// Examples and what is to be learnt about them.
struct Dataset {
  Tensor x;  ///< [N, …]: f32 or f64, or i64 tokens
  Tensor y;  ///< [N] i64 class numbers, or [N, …] targets

  std::int64_t size() const;  ///< N; 0 if undefined

  /// Examples begin … end - 1 as views of this dataset: a change of one in place changes both. Throws for an empty
  /// range and for one that is not inside of 0 … size().
  Dataset slice(std::int64_t begin, std::int64_t end, Loc where = Loc::current()) const;
  /// A copy of the examples whose numbers index [M], i64, holds, in that order. Throws for an empty index and a number
  /// out of range.
  Dataset rows(const Tensor& index, Loc where = Loc::current()) const;
};

/// A dataset in two: auto [train, test] = …
struct Split {
  Dataset train;  ///< to learn from
  Dataset test;   ///< to measure what was learnt
};

/// Sets test_fraction of the examples aside, chosen by a shuffle that depends on seed alone. Throws for a fraction that
/// is not between 0 and 1, and for one that leaves a part empty.
Split split(const Dataset& data, double test_fraction, std::uint64_t seed, Loc where = Loc::current());

}  // namespace gradus::data

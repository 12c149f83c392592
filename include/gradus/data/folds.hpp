// Parts of a dataset that keep the shares of its classes, folds for cross-validation, and the weights of classes.
//
//   for (const auto& [train, test] : data::k_fold(all, {.folds = 5, .stratified = true, .seed = 1})) …
//   cross_entropy(net(x), y, {.weight = data::class_weights(train.y)});
#pragma once

#include <cstdint>
#include <vector>

#include <gradus/data/dataset.hpp>

namespace gradus::data {

/// As split(), but each class gives its share to the test part: the shares of the classes are those of the whole, up to
/// one example a class. A class of two examples or more is in both parts, a class of one in the training part. Throws
/// what split() throws, for y that is not i64 (N), and where there are more classes than the test part has examples.
Split stratified_split(const Dataset& data, double test_fraction, std::uint64_t seed, Loc where = Loc::current());

struct FoldOptions {
  std::int64_t folds = 5;   ///< 2 or more
  bool stratified = false;  ///< each fold has each class's share, up to one example; y must be i64 (N)
  std::uint64_t seed = 0;   ///< of the shuffle
};

/// The range that k_fold() makes. Part i is copied from the dataset when it is asked for.
class Folds {
 public:
  struct End {};

  /// What a range-for over folds moves.
  class Iterator {
   public:
    Split operator*() const { return (*folds_)[i_]; }  ///< this fold is the test part
    Iterator& operator++() {                           ///< to the next fold
      ++i_;
      return *this;
    }
    bool operator==(End) const { return i_ == folds_->size(); }

   private:
    friend class Folds;
    explicit Iterator(const Folds& folds) : folds_(&folds) {}
    const Folds* folds_;
    std::int64_t i_ = 0;
  };

  Folds(Dataset data, const FoldOptions& options, Loc where);  ///< use k_fold(), below
  Split operator[](std::int64_t i) const;                      ///< fold i as the test part, all others to learn from
  std::int64_t size() const { return static_cast<std::int64_t>(members_.size()); }  ///< how many folds
  Iterator begin() const { return Iterator(*this); }
  End end() const { return {}; }

 private:
  Dataset data_;
  std::vector<std::vector<std::int64_t>> members_;  ///< of each fold
  Loc where_;
};

/// Cuts the shuffled examples into folds, whose sizes differ by one at most: each example is in one test part. Throws
/// for fewer than two folds and for more folds than examples.
Folds k_fold(Dataset data, const FoldOptions& options = {}, Loc where = Loc::current());

/// Weights (C), f32, that make all classes count the same: examples / (classes · examples of the class), and 0 for a
/// class without examples. C is the largest label + 1, or `classes` if that is given. y (N), i64, from 0.
Tensor class_weights(const Tensor& y, std::int64_t classes = 0, Loc where = Loc::current());

}  // namespace gradus::data

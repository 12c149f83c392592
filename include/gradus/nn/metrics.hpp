// How good answers are: accuracy, confusion matrix, precision, recall and F1 of a classifier; errors and R² of a
// regression.
#pragma once

#include <cstdint>
#include <vector>

#include <gradus/nn/module.hpp>

namespace gradus {

namespace detail {

/// The part of accuracy() that does not depend on the network.
using Classify = Tensor (*)(const void* net, Arg x);
double accuracy(Classify classify, const void* net, const Tensor& x, const Tensor& y, std::int64_t batch, Loc where);

}  // namespace detail

/// The share of examples, 0 to 1, whose largest output is the one at the label: net(x) is (N, C), C at least 2, y i64
/// (N), from 0 to C - 1. A row with a NaN counts as wrong. One column is refused, since a logit and a probability have
/// different thresholds. `net` is a module, or a callable of one tensor. Modules evaluate, batch by batch, and nothing
/// is recorded; no module is changed, so threads may share one. Works under a live tape.
template <class M>
double accuracy(const M& net, const Tensor& x, const Tensor& y, std::int64_t batch = 256, Loc where = Loc::current()) {
  const auto classify = [](const void* network, Arg batch_x) -> Tensor {
    return (*const_cast<M*>(static_cast<const M*>(network)))(batch_x);
  };
  const nn::Evaluating evaluating;
  return detail::accuracy(classify, &net, x, y, batch, where);
}

/// The same for a data::Dataset: accuracy(net, test).
template <class M, class D>
requires requires(const D& d) { d.x, d.y; }
double accuracy(const M& net, const D& data, std::int64_t batch = 256, Loc where = Loc::current()) {
  return accuracy(net, data.x, data.y, batch, where);
}

/// counts[i][j]: how many examples of class i were taken for class j. `truth` and `predicted` are class numbers (N)
/// i64; the result is (classes, classes) i64, as scikit-learn has it. classes = 0: one more than the largest number
/// there is. Throws for numbers below 0 or from `classes` on, and for different lengths.
Tensor confusion_matrix(const Tensor& truth, const Tensor& predicted, std::int64_t classes = 0,
                        Loc where = Loc::current());

/// How well one class, or a mean of them, was found. A share of nothing (0/0) is 0, as in scikit-learn.
struct ClassScores {
  double precision = 0;      ///< of the examples that were taken for the class, the share that is of it
  double recall = 0;         ///< of the examples of the class, the share that was found
  double f1 = 0;             ///< 2 precision recall / (precision + recall)
  std::int64_t support = 0;  ///< examples of the class
  std::int64_t taken = 0;    ///< examples that were taken for the class; 0: precision is 0/0
};

/// What a confusion matrix says.
struct ClassificationReport {
  std::vector<ClassScores> classes;  ///< by class number
  /// Means over the classes that occur, in truth or among the answers: each counts alike, or by its support.
  ClassScores macro, weighted;
  double accuracy = 0;  ///< the share of examples that are right
};

/// The scores of a confusion matrix (C, C) i64, by the definitions of scikit-learn's classification_report. Throws for
/// another shape, a negative count and a matrix without examples.
ClassificationReport classification_report(const Tensor& confusion, Loc where = Loc::current());

/// The errors of answers to a regression, in f64.
struct RegressionReport {
  double mse = 0;   ///< the mean squared error
  double rmse = 0;  ///< its root, in the unit of the targets
  double mae = 0;   ///< the mean absolute error
  double r2 = 0;    ///< see r2_score
};

/// Of `truth` and `predicted`, floating and of one shape with one element at least.
RegressionReport regression_report(const Tensor& truth, const Tensor& predicted, Loc where = Loc::current());

/// R² = 1 - Σ (y - ŷ)² / Σ (y - mean y)²: 1 is perfect, 0 as good as answering with the mean. If all of `truth` is one
/// number: 1 for perfect answers, else 0, as in scikit-learn.
double r2_score(const Tensor& truth, const Tensor& predicted, Loc where = Loc::current());

}  // namespace gradus

// What a network learns: classes, or numbers. The loss, and how good its answers are.
#pragma once

#include <string>

#include "train/data.hpp"

namespace gradus::tool {

class Objective {
 public:
  explicit Objective(const Task& task);

  // Cross-entropy, or the mean squared error in units of the targets' variance.
  Tensor loss(const Tensor& output, const Tensor& y) const;
  // The mean over examples of what a score is made of: 1 for the right class, or the squared error.
  double quality(const Tensor& output, const Tensor& y) const;
  // The accuracy, or the root of the mean squared error.
  double score(double mean_quality) const;
  // Of a whole dataset, in evaluation mode.
  double score(nn::Sequential& net, const Examples& data) const;

  const char* name() const { return regression_ ? "rmse" : "accuracy"; }
  std::string text(double score) const;      // "97.21 %", or "1.053"
  std::string log_text(double score) const;  // "0.972145", or "1.0529331"
  // "98.33 % (353 of 359)", or "1.053 (R2 0.912)".
  std::string verdict(double score, const Examples& test) const;

 private:
  bool regression_;
  double variance_ = 1;  // of the training targets
};

}  // namespace gradus::tool

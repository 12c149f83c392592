// Losses and scores of classification and regression.
#include "train/objective.hpp"

#include <fmt/format.h>

#include <cmath>

namespace gradus::tool {
namespace {

// Answers of a regression network (N, 1) as (N).
Tensor column(const Tensor& output) { return output.reshape({-1}); }

double mean_square(const Tensor& difference) { return square(difference).mean().item(); }

}  // namespace

Objective::Objective(const Task& task) : regression_(task.regression) {
  if (!regression_) return;
  const double variance = var(task.train.y, {}, false, 0).item();
  if (variance > 0) variance_ = variance;
}

Tensor Objective::loss(const Tensor& output, const Tensor& y) const {
  return regression_ ? mse_loss(column(output), y) / variance_ : cross_entropy(output, y);
}

double Objective::quality(const Tensor& output, const Tensor& y) const {
  return regression_ ? mean_square(column(output) - y) : eq(argmax(output, 1), y).to(f32).mean().item();
}

double Objective::score(double mean_quality) const { return regression_ ? std::sqrt(mean_quality) : mean_quality; }

double Objective::score(nn::Sequential& net, const Examples& data) const {
  const nn::Evaluating evaluating(net);
  double sum = 0;
  for (const auto& [x, y] : data.batches({.size = 256})) {
    const double mean = regression_ ? quality(net(x), y) : accuracy(net, x, y);
    sum += static_cast<double>(y.numel()) * mean;
  }
  return score(sum / static_cast<double>(data.size()));
}

std::string Objective::text(double score) const {
  return regression_ ? fmt::format("{:<9.4g}", score) : fmt::format("{:6.2f} %", 100 * score);
}

std::string Objective::log_text(double score) const {
  return regression_ ? fmt::format("{}", static_cast<float>(score)) : fmt::format("{:.6f}", score);
}

std::string Objective::verdict(double score, const Examples& test) const {
  const std::int64_t n = test.size();
  if (!regression_) return fmt::format("{:.2f} % ({} of {})", 100 * score, std::llround(score * n), n);
  const double variance = var(test.y, {}, false, 0).item();
  return variance > 0 ? fmt::format("{:.4g} (R2 {:.3f}, {} examples)", score, 1 - score * score / variance, n)
                      : fmt::format("{:.4g} ({} examples)", score, n);
}

}  // namespace gradus::tool

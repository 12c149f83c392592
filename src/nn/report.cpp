// What was right: the confusion matrix and its scores, and the errors of a regression. Plain loops in f64.
#include <gradus/nn/metrics.hpp>

#include <algorithm>
#include <cmath>

#include <gradus/ops/reduce.hpp>

#include "tensor/format.hpp"
#include "tensor/impl.hpp"
#include "tensor/make.hpp"

namespace gradus {
namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

double share(std::int64_t part, std::int64_t of) {
  return of == 0 ? 0 : static_cast<double>(part) / static_cast<double>(of);
}

std::vector<std::int64_t> class_numbers(const char* which, const Tensor& y, Loc where) {
  detail::check_defined(y, "confusion_matrix", where);
  if (y.dim() == 1 && y.dtype() == i64) return y.to_vector<std::int64_t>();
  throw Error("confusion_matrix",
              {.wrong = formatted("{} is not a list of class numbers", which),
               .got = formatted("{} {}", name(y.dtype()), to_string(y.shape())),
               .expected = "i64 (N)"},
              where);
}

void check_pair(const char* operation, const Tensor& truth, const Tensor& predicted, Loc where) {
  detail::check_defined(truth, operation, where);
  detail::check_defined(predicted, operation, where);
  const bool floating = is_floating(truth.dtype()) && is_floating(predicted.dtype());
  if (floating && truth.shape() == predicted.shape() && truth.numel() > 0) return;
  throw Error(operation,
              {.wrong = "truth and predicted do not belong together",
               .got = formatted("{} {} and {} {}", name(truth.dtype()), to_string(truth.shape()),
                                name(predicted.dtype()), to_string(predicted.shape())),
               .expected = "f32 or f64, of one shape, with one element at least"},
              where);
}

// Adds w times a class to a mean.
void add(ClassScores& mean, double w, const ClassScores& one) {
  mean.precision += w * one.precision;
  mean.recall += w * one.recall;
  mean.f1 += w * one.f1;
}

}  // namespace

Tensor confusion_matrix(const Tensor& truth, const Tensor& predicted, std::int64_t classes, Loc where) {
  where = detail::user_line(where);
  const auto is = class_numbers("truth", truth, where), taken = class_numbers("predicted", predicted, where);
  if (is.size() != taken.size()) {
    throw Error(
        "confusion_matrix",
        {.wrong = "truth and predicted differ in length", .got = formatted("{} and {}", is.size(), taken.size())},
        where);
  }
  constexpr std::int64_t most = 16384;
  if (classes == 0) {
    for (const auto* list : {&is, &taken})
      for (const std::int64_t c : *list) classes = std::max(classes, std::min(c, most) + 1);
  }
  if (classes < 1 || classes > most) {
    throw Error("confusion_matrix",
                {.wrong = "an impossible number of classes", .got = formatted("{}", classes), .expected = "1 to 16384"},
                where);
  }
  for (const auto* list : {&is, &taken}) {
    const auto bad = std::ranges::find_if(*list, [&](std::int64_t c) { return c < 0 || c >= classes; });
    if (bad == list->end()) continue;
    throw Error("confusion_matrix",
                {.wrong = formatted("a number of {} is no class", list == &is ? "truth" : "predicted"),
                 .got = formatted("{} at position {}", *bad, bad - list->begin()),
                 .expected = formatted("0 to {}", classes - 1)},
                where);
  }
  Tensor counts = zeros({classes, classes}, i64, where);
  auto* to = detail::data<std::int64_t>(counts);
  for (std::size_t n = 0; n < is.size(); ++n) ++to[is[n] * classes + taken[n]];
  return counts;
}

ClassificationReport classification_report(const Tensor& confusion, Loc where) {
  where = detail::user_line(where);
  detail::check_defined(confusion, "classification_report", where);
  const auto refuse = [&](std::string wrong) {
    throw Error("classification_report",
                {.wrong = std::move(wrong),
                 .got = formatted("{} {}", name(confusion.dtype()), to_string(confusion.shape())),
                 .expected = "i64 (C, C): what confusion_matrix returns"},
                where);
  };
  if (confusion.dim() != 2 || confusion.dtype() != i64 || confusion.shape()[0] != confusion.shape()[1]) {
    refuse("not a confusion matrix");
  }
  const std::int64_t classes = confusion.shape()[0];
  const auto counts = confusion.to_vector<std::int64_t>();
  if (std::ranges::any_of(counts, [](std::int64_t n) { return n < 0; })) refuse("a count is negative");

  ClassificationReport report;
  report.classes.resize(index(classes));
  std::int64_t examples = 0, right = 0, occur = 0;
  for (std::int64_t i = 0; i < classes; ++i) {
    for (std::int64_t j = 0; j < classes; ++j) {
      const std::int64_t n = counts[index(i * classes + j)];
      report.classes[index(i)].support += n;
      report.classes[index(j)].taken += n;
      examples += n;
      if (i == j) right += n;
    }
  }
  if (examples == 0) refuse("no examples are counted");
  for (std::int64_t i = 0; i < classes; ++i) {
    ClassScores& c = report.classes[index(i)];
    const std::int64_t found = counts[index(i * classes + i)];
    c.precision = share(found, c.taken);
    c.recall = share(found, c.support);
    c.f1 = share(2 * found, c.taken + c.support);  // the same as 2 p r / (p + r)
    occur += c.taken + c.support > 0;
  }
  for (const ClassScores& c : report.classes) {
    if (c.taken + c.support > 0) add(report.macro, 1 / static_cast<double>(occur), c);
    add(report.weighted, share(c.support, examples), c);
  }
  for (ClassScores* mean : {&report.macro, &report.weighted}) mean->support = mean->taken = examples;
  report.accuracy = share(right, examples);
  return report;
}

RegressionReport regression_report(const Tensor& truth, const Tensor& predicted, Loc where) {
  where = detail::user_line(where);
  check_pair("regression_report", truth, predicted, where);
  const auto y = truth.to_vector(), p = predicted.to_vector();
  const auto n = static_cast<double>(y.size());
  double mean = 0, squares = 0, absolute = 0, spread = 0;
  for (const double v : y) mean += v / n;
  for (std::size_t i = 0; i < y.size(); ++i) {
    squares += (y[i] - p[i]) * (y[i] - p[i]);
    absolute += std::abs(y[i] - p[i]);
    spread += (y[i] - mean) * (y[i] - mean);
  }
  // The mean is rounded, so that equal numbers may seem to differ from it.
  const bool constant = std::ranges::all_of(y, [&](double v) { return v == y.front(); });
  const double of_constant = squares == 0 ? 1 : 0;
  return {.mse = squares / n,
          .rmse = std::sqrt(squares / n),
          .mae = absolute / n,
          .r2 = constant ? of_constant : 1 - squares / spread};
}

double r2_score(const Tensor& truth, const Tensor& predicted, Loc where) {
  where = detail::user_line(where);
  check_pair("r2_score", truth, predicted, where);
  return regression_report(truth, predicted, where).r2;
}

}  // namespace gradus

// Confusion matrix, scores and regression errors, against numbers computed by hand from scikit-learn's definitions.
#include <gradus/nn/metrics.hpp>
#include <gradus/ops.hpp>

#include <cmath>

#include "support.hpp"

using namespace gradus;
using doctest::Approx;

namespace {

Tensor labels(std::vector<std::int64_t> y) { return from_data(y, {std::ssize(y)}); }

}  // namespace

TEST_CASE("confusion_matrix: a row for each class, a column for each answer") {
  const Tensor m = confusion_matrix(labels({0, 0, 1, 2, 2, 2}), labels({0, 1, 1, 0, 2, 2}));
  CHECK(m.dtype() == i64);
  CHECK(m.shape() == Shape{3, 3});
  CHECK(m.to_vector() == std::vector<double>{1, 1, 0, 0, 1, 0, 1, 0, 2});
  CHECK(confusion_matrix(labels({0, 1}), labels({1, 1}), 4).shape() == Shape{4, 4});
  CHECK(confusion_matrix(labels({0, 0}), labels({0, 5})).shape() == Shape{6, 6});
  CHECK_SAYS(confusion_matrix(labels({0, 3}), labels({0, 1}), 3), "a number of truth is no class", "3 at position 1",
             "0 to 2");
  CHECK_SAYS(confusion_matrix(labels({0, 1}), labels({-1, 1})), "a number of predicted is no class",
             "-1 at position 0");
  CHECK_SAYS(confusion_matrix(labels({0}), labels({0, 1})), "differ in length", "1 and 2");
  CHECK_SAYS(confusion_matrix(ones({2}), labels({0, 1})), "truth is not a list of class numbers", "f32 (2,)");
  CHECK_SAYS(confusion_matrix(labels({0}), labels({std::int64_t{1} << 62})), "impossible number of classes");
  CHECK_SAYS(confusion_matrix(Tensor(), labels({0})), "confusion_matrix", "undefined");
}

// The example of scikit-learn's page of classification_report: y_true = [0, 1, 2, 2, 2], y_pred = [0, 0, 2, 2, 1].
TEST_CASE("classification_report: the example of scikit-learn") {
  const auto r = classification_report(confusion_matrix(labels({0, 1, 2, 2, 2}), labels({0, 0, 2, 2, 1})));
  REQUIRE(r.classes.size() == 3);
  CHECK(r.classes[0].precision == Approx(0.5));
  CHECK(r.classes[0].recall == 1);
  CHECK(r.classes[0].f1 == Approx(2.0 / 3));
  CHECK(r.classes[1].precision == 0);
  CHECK(r.classes[1].recall == 0);
  CHECK(r.classes[1].f1 == 0);
  CHECK(r.classes[2].precision == 1);
  CHECK(r.classes[2].recall == Approx(2.0 / 3));
  CHECK(r.classes[2].f1 == Approx(0.8));
  CHECK(r.classes[2].support == 3);
  CHECK(r.classes[0].taken == 2);
  CHECK(r.accuracy == Approx(0.6));
  CHECK(r.macro.precision == Approx(0.5));
  CHECK(r.macro.recall == Approx(5.0 / 9));
  CHECK(r.macro.f1 == Approx((2.0 / 3 + 0.8) / 3));
  CHECK(r.weighted.precision == Approx(0.7));
  CHECK(r.weighted.recall == Approx(0.6));
  CHECK(r.weighted.f1 == Approx((2.0 / 3 + 3 * 0.8) / 5));
  CHECK(r.macro.support == 5);
}

TEST_CASE("classification_report: 0/0 is 0, and classes that do not occur do not count") {
  // Class 1 occurs and is never answered, class 2 is answered and never occurs, class 3 does neither.
  const auto r = classification_report(confusion_matrix(labels({0, 0, 1}), labels({0, 2, 0}), 4));
  CHECK(r.classes[1].precision == 0);
  CHECK(r.classes[1].taken == 0);
  CHECK(r.classes[2].recall == 0);
  CHECK(r.classes[2].support == 0);
  CHECK(r.classes[3].f1 == 0);
  CHECK(r.macro.precision == Approx(0.5 / 3));  // over three classes, as scikit-learn has it
  CHECK(r.weighted.recall == Approx(1.0 / 3));
  const auto perfect = classification_report(confusion_matrix(labels({0, 2}), labels({0, 2}), 5));
  CHECK(perfect.macro.f1 == 1);
  CHECK(perfect.weighted.f1 == 1);
  CHECK_SAYS(classification_report(zeros({2, 2}, i64)), "no examples");
  CHECK_SAYS(classification_report(zeros({2, 3}, i64)), "not a confusion matrix", "(2, 3)");
  CHECK_SAYS(classification_report(ones({2, 2})), "not a confusion matrix", "f32");
  CHECK_SAYS(classification_report(full({2, 2}, -1, i64)), "a count is negative");
}

// The example of scikit-learn's pages of r2_score, mean_squared_error and mean_absolute_error.
TEST_CASE("regression_report and r2_score: the example of scikit-learn") {
  const Tensor y = tensor({3, -0.5, 2, 7}), p = tensor({2.5, 0, 2, 8});
  const auto r = regression_report(y, p);
  CHECK(r.mse == Approx(0.375));
  CHECK(r.rmse == Approx(std::sqrt(0.375)));
  CHECK(r.mae == Approx(0.5));
  CHECK(r.r2 == Approx(0.9486081370449679));
  CHECK(r2_score(y, p) == r.r2);
  CHECK(r2_score(y, y) == 1);
  CHECK(r2_score(y, full({4}, 2.875)) == Approx(0));
  CHECK(r2_score(tensor({1, 2, 3}), tensor({3, 2, 1})) == -3);
  CHECK(r2_score(full({3}, 0.1), full({3}, 0.1)) == 1);  // all targets are one number
  CHECK(r2_score(full({3}, 0.1), full({3}, 0.2)) == 0);
  CHECK(std::isnan(regression_report(y, tensor({2.5, 0, 2, std::nan("")})).mse));
  CHECK_SAYS(r2_score(y, p.reshape({4, 1})), "r2_score: truth and predicted do not belong together", "(4, 1)");
  CHECK_SAYS(regression_report(zeros({0}), zeros({0})), "regression_report", "one element");
  CHECK_SAYS(r2_score(zeros({2}, i64), zeros({2})), "i64 (2,) and f32 (2,)", "report.cpp:");
}

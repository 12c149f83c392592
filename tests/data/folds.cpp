// Stratified parts, folds for cross-validation, class weights.
#include <gradus/data/data.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "support.hpp"

using namespace gradus;
using data::Dataset;

namespace {

// Examples of the class c: counts[c]. x is the number of the example.
Dataset with_counts(const std::vector<std::int64_t>& counts) {
  std::vector<std::int64_t> labels;
  for (std::size_t c = 0; c < counts.size(); ++c)
    labels.insert(labels.end(), static_cast<std::size_t>(counts[c]), static_cast<std::int64_t>(c));
  const std::int64_t n = std::ssize(labels);
  return {arange(n).to(f32).reshape({n, 1}), from_data(std::span<const std::int64_t>(labels), {n})};
}

std::map<std::int64_t, std::int64_t> counts_of(const Dataset& d) {
  std::map<std::int64_t, std::int64_t> counts;
  for (const std::int64_t label : d.y.to_vector<std::int64_t>()) ++counts[label];
  return counts;
}

std::multiset<double> examples(const Dataset& d) {
  const auto x = d.x.to_vector();
  return {x.begin(), x.end()};
}

void check_parts(const Dataset& whole, const data::Split& split) {
  auto both = examples(split.train);
  both.merge(examples(split.test));
  CHECK(both == examples(whole));
}

}  // namespace

TEST_CASE("stratified_split: the shares of the classes stay") {
  const Dataset d = with_counts({100, 50, 10, 3, 2, 1});
  const auto split = data::stratified_split(d, 0.2, 1);
  check_parts(d, split);
  CHECK(split.test.size() == 33);
  auto test = counts_of(split.test);
  CHECK(std::abs(test[0] - 20) <= 1);
  CHECK(std::abs(test[1] - 10) <= 1);
  CHECK(test[2] >= 1);
  CHECK(test[3] == 1);  // a class of several is in both parts
  CHECK(test[4] == 1);
  CHECK(test[5] == 0);  // a class of one is there to be learnt
  for (const auto& [label, count] : counts_of(split.train)) CHECK(count >= 1);
  CHECK(counts_of(split.train).size() == 6);
}

TEST_CASE("stratified_split: a function of the seed, and no part is sorted") {
  const Dataset d = with_counts({40, 40});
  const auto one = data::stratified_split(d, 0.25, 1), again = data::stratified_split(d, 0.25, 1),
             other = data::stratified_split(d, 0.25, 2);
  CHECK(equal(one.test.x, again.test.x));
  CHECK(examples(one.test) != examples(other.test));
  CHECK_FALSE(std::ranges::is_sorted(one.train.y.to_vector()));
  CHECK_FALSE(std::ranges::is_sorted(one.test.y.to_vector()));
}

TEST_CASE("stratified_split: what it refuses") {
  const Dataset d = with_counts({5, 5, 5});
  CHECK_SAYS(data::stratified_split(d, 0, 1), "stratified_split: the test fraction is out of range", "folds.cpp:");
  CHECK_SAYS(data::stratified_split(d, std::nan(""), 1), "the test fraction is out of range");
  CHECK_SAYS(data::stratified_split(d, 0.1, 1), "there are more classes than a part has examples", "3 classes");
  CHECK_SAYS(data::stratified_split({zeros({4, 1}), zeros({4})}, 0.5, 1), "y does not hold class numbers", "f32 (4,)");
}

TEST_CASE("k_fold: each example is in one test part") {
  const Dataset d = with_counts({7, 4, 12});
  for (const bool stratified : {false, true}) {
    const auto folds = data::k_fold(d, {.folds = 4, .stratified = stratified, .seed = 3});
    CHECK(folds.size() == 4);
    std::multiset<double> tested;
    for (const auto& split : folds) {
      check_parts(d, split);
      CHECK(split.test.size() >= 5);  // 23 in 4
      CHECK(split.test.size() <= 6);
      tested.merge(examples(split.test));
      if (!stratified) continue;
      auto counts = counts_of(split.test);
      CHECK(counts[0] >= 1);
      CHECK(counts[0] <= 2);
      CHECK(counts[1] == 1);
      CHECK(counts[2] == 3);
    }
    CHECK(tested == examples(d));
  }
}

TEST_CASE("k_fold: a function of the seed") {
  const Dataset d = with_counts({20});
  const auto test = [&](std::uint64_t seed) { return data::k_fold(d, {.seed = seed})[2].test; };
  CHECK(equal(test(1).x, test(1).x));
  CHECK(examples(test(1)) != examples(test(2)));
}

TEST_CASE("k_fold: what it refuses") {
  const Dataset d = with_counts({3});
  CHECK_SAYS(data::k_fold(d, {.folds = 1}), "k_fold: there are too few folds", "folds.cpp:");
  CHECK_SAYS(data::k_fold(d, {.folds = 4}), "there are more folds than examples", "4 folds of 3 examples");
  CHECK_SAYS(data::k_fold(d, {.folds = 2})[2], "there is no such fold", "0 to 1");
  CHECK_SAYS(data::k_fold({zeros({4, 1}), zeros({4})}, {.folds = 2, .stratified = true}),
             "y does not hold class numbers");
}

TEST_CASE("class_weights: all classes count the same") {
  const Tensor w = data::class_weights(with_counts({10, 30, 0, 20}).y);
  CHECK(w.dtype() == f32);
  CHECK(allclose(w, tensor({1.5, 0.5, 0, 0.75})));
  CHECK(data::class_weights(tensor({0, 1}, i64), 3).shape() == Shape{3});
  CHECK_SAYS(data::class_weights(tensor({0, -1}, i64)), "class_weights: a label is no class", "-1 to 0");
  CHECK_SAYS(data::class_weights(tensor({0, 5}, i64), 3), "a label is no class", "0 to 2");
  CHECK_SAYS(data::class_weights(zeros({0}, i64)), "there are no labels");
  CHECK_SAYS(data::class_weights(tensor({0, 1 << 30}, i64)), "a label is no class");
}

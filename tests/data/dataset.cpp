// Datasets: slices, rows, splits, and the digits.
#include <gradus/data/data.hpp>

#include <algorithm>
#include <set>

#include "support.hpp"

using namespace gradus;
using data::Dataset;

namespace {

// x[i] = {10 i, 10 i + 1}, y[i] = i.
Dataset numbered(std::int64_t n) {
  Tensor x = zeros({n, 2}), y = arange(n);
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < 2; ++j) x.set({i, j}, static_cast<double>(10 * i + j));
  return {x, y};
}

std::vector<std::int64_t> labels(const Dataset& d) { return d.y.to_vector<std::int64_t>(); }

bool belong_together(const Dataset& d) {
  for (std::int64_t i = 0; i < d.size(); ++i)
    if (d.x.at({i, 0}) != 10 * d.y.at({i}) || d.x.at({i, 1}) != 10 * d.y.at({i}) + 1) return false;
  return true;
}

}  // namespace

TEST_CASE("dataset: slices are views, rows are copies") {
  Dataset d = numbered(5);
  CHECK(d.size() == 5);
  CHECK(Dataset{}.size() == 0);
  Dataset part = d.slice(1, 4), copy = d.rows(tensor({4, 0, 4}, i64));
  CHECK(labels(part) == std::vector<std::int64_t>{1, 2, 3});
  CHECK(belong_together(part));
  CHECK(labels(copy) == std::vector<std::int64_t>{4, 0, 4});
  CHECK(belong_together(copy));
  d.x.fill_(-1);
  CHECK(part.x.at({0, 0}) == -1);
  CHECK(copy.x.at({0, 0}) == 40);
}

TEST_CASE("dataset: images, targets with axes and views are rows too") {
  const Dataset d{rand({4, 1, 3, 3}, f64), rand({4, 2})};
  const Dataset r = d.rows(tensor({2, 1}, i64));
  CHECK(r.x.shape() == Shape{2, 1, 3, 3});
  CHECK(r.x.dtype() == f64);
  CHECK(r.y.at({1, 1}) == d.y.at({1, 1}));
  const Dataset turned{d.y.transpose(0, 1), arange(2)};  // strides (1, 2)
  CHECK(turned.rows(tensor({1}, i64)).x.at({0, 3}) == d.y.at({3, 1}));
  CHECK(turned.slice(1, 2).x.at({0, 3}) == d.y.at({3, 1}));
}

TEST_CASE("dataset: what it refuses") {
  const Dataset d = numbered(5);
  CHECK_SAYS(d.slice(2, 2), "slice: the range is empty", "2 to 2 of 5 examples", "dataset.cpp:");
  CHECK_SAYS(d.slice(3, 6), "slice: the range is outside of the dataset", "3 to 6 of 5");
  CHECK_SAYS(d.slice(-1, 2), "outside of the dataset");
  CHECK_SAYS(d.rows(tensor({0, 5}, i64)), "rows: an index out of range", "got:      5", "0 to 4");
  CHECK_SAYS(d.rows(tensor({-1}, i64)), "rows: an index out of range", "got:      -1");
  CHECK_SAYS(d.rows(tensor({0.0})), "rows: the index is not a list of example numbers", "f32 (1,)", "i64 (M,)");
  CHECK_SAYS(d.rows(zeros({0}, i64)), "not a list of example numbers", "i64 (0,)");
  CHECK_SAYS(d.rows(Tensor{}), "rows: the tensor is undefined");
  CHECK_SAYS(Dataset{}.slice(0, 1), "slice: x or y of the dataset is undefined");
}

TEST_CASE("split: every example once, by seed") {
  const Dataset d = numbered(50);
  const auto [train, test] = data::split(d, 0.2, 3);
  CHECK(train.size() == 40);
  CHECK(test.size() == 10);
  CHECK(belong_together(train));
  CHECK(belong_together(test));
  auto all = labels(train), held_out = labels(test);
  all.insert(all.end(), held_out.begin(), held_out.end());
  CHECK(std::set(all.begin(), all.end()).size() == 50);
  CHECK(labels(data::split(d, 0.2, 3).test) == held_out);
  CHECK(labels(data::split(d, 0.2, 4).test) != held_out);
}

TEST_CASE("split: what it refuses") {
  const Dataset d = numbered(5);
  for (double fraction : {0.0, 1.0, -0.5, 7.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK_SAYS(data::split(d, fraction, 1), "split: the test fraction is out of range", "of 5 examples",
               "between 0 and 1");
  CHECK_SAYS(data::split(d, 0.01, 1), "split: the test part would be empty", "a test fraction of 0.01 of 5 examples",
             "a fraction from 0.1 to 0.9");
  CHECK_SAYS(data::split(d, 0.99, 1), "split: the training part would be empty");
  CHECK_SAYS(data::split(numbered(1), 0.5, 1), "would be empty", "two examples or more");
  CHECK_SAYS(data::split({zeros({0, 2}), zeros({0}, i64)}, 0.5, 1), "split: the dataset is empty");
  CHECK_SAYS(data::split({zeros({3, 2}), zeros({4}, i64)}, 0.5, 1), "split: x and y differ", "x (3, 2) and y (4,)");
  CHECK_SAYS(data::split({zeros({}), zeros({4}, i64)}, 0.5, 1), "split: x or y has no axis of examples");
}

TEST_CASE("digits are there") {
  const auto [train, test] = data::digits();
  CHECK(train.size() == 1438);
  CHECK(test.size() == 359);
  CHECK(train.x.shape() == Shape{1438, 64});
  CHECK(train.x.dtype() == f32);
  CHECK(test.y.shape() == Shape{359});
  CHECK(test.y.dtype() == i64);
  std::vector<int> seen(10);
  double sum = 0, low = 1, high = 0;
  for (const Dataset* part : {&train, &test}) {
    for (auto label : labels(*part)) ++seen.at(static_cast<std::size_t>(label));
    for (double v : part->x.to_vector()) sum += v, low = std::min(low, v), high = std::max(high, v);
  }
  CHECK(seen == std::vector<int>{178, 182, 177, 183, 181, 182, 181, 179, 174, 180});
  CHECK(low == 0);
  CHECK(high == 1);
  CHECK(sum * 16 == 561718);  // as python3-sklearn has them
  CHECK(data::digits().test.y.to_vector() == test.y.to_vector());
}

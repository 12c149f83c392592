// Windows of a text: by step, in order, split by place.
#include <gradus/gradus.hpp>

#include <set>

#include "support.hpp"

using namespace gradus;

namespace {

// The token i is i.
data::WindowSplit counting(std::int64_t n, const data::WindowOptions& options) {
  return data::windows(arange(n).to_vector<std::int64_t>(), options);
}

}  // namespace

TEST_CASE("windows: y is x one token later; the end of the text is the test part") {
  const auto [train, test] = counting(100, {.block = 8, .size = 5, .test_fraction = 0.2, .seed = 1});
  CHECK(train.size() == 80);
  CHECK(test.size() == 20);
  for (std::int64_t step = 0; step < 50; ++step) {
    const auto [x, y] = train.batch(step);
    CHECK(x.shape() == Shape{5, 8});
    CHECK(x.dtype() == i64);
    CHECK(equal(y, x + 1));
    CHECK(max(y).item() < 80);
    CHECK(min(test.batch(step).x).item() >= 80);
    for (std::int64_t row = 0; row < 5; ++row)
      CHECK(equal(select(x, 0, row), arange(8) + x.at<std::int64_t>({row, 0})));
  }
}

TEST_CASE("windows: all places are drawn, as a function of seed and step") {
  const auto train = counting(40, {.block = 10, .size = 4, .test_fraction = 0.5, .seed = 1}).train;
  const auto again = counting(40, {.block = 10, .size = 4, .test_fraction = 0.5, .seed = 1}).train;
  const auto other = counting(40, {.block = 10, .size = 4, .test_fraction = 0.5, .seed = 2}).train;
  std::set<double> places;
  int same = 0;
  for (std::int64_t step = 0; step < 60; ++step) {
    const Tensor x = train.batch(step).x;
    CHECK(equal(x, again.batch(step).x));
    same += equal(x, other.batch(step).x);
    for (std::int64_t row = 0; row < 4; ++row) places.insert(x.at({row, 0}));
  }
  CHECK(places.size() == 10);  // 0 … 9
  CHECK(same < 3);
  CHECK_FALSE(equal(train.batch(0).x, train.batch(1).x));
}

TEST_CASE("windows: in order, each token but the first is predicted once") {
  const auto train = counting(60, {.block = 7, .size = 3, .test_fraction = 0.5}).train;  // 30 tokens: 4 windows
  REQUIRE(train.batches() == 2);
  CHECK(train.in_order(0).x.shape() == Shape{3, 7});
  CHECK(train.in_order(1).x.shape() == Shape{1, 7});
  std::int64_t next = 1;
  for (std::int64_t i = 0; i < 2; ++i)
    for (const double token : train.in_order(i).y.to_vector()) CHECK(token == static_cast<double>(next++));
  CHECK(next == 29);
  CHECK_SAYS(train.in_order(2), "windows: there is no such batch", "0 to 1");
}

TEST_CASE("windows: what they refuse") {
  CHECK_SAYS(counting(100, {.block = 0}), "windows: the block or the size is too small", "windows.cpp:");
  CHECK_SAYS(counting(100, {.test_fraction = 1}), "the test fraction is out of range");
  CHECK_SAYS(counting(100, {.block = 10}), "is too short", "10 tokens in the part, windows of 10");
  CHECK_SAYS(data::windows(std::vector<std::int64_t>(100, -1), {.block = 4}), "a token is out of range", "-1");
}

#include <gradus/tensor.hpp>

#include <algorithm>
#include <cmath>

#include "support.hpp"

using namespace gradus;

TEST_CASE("a seed fixes what is drawn") {
  manual_seed(7);
  const Tensor a = rand({3, 5}), b = randn({4}), c = randint(0, 100, {6}), d = randperm(9);
  manual_seed(7);
  CHECK(equal(rand({3, 5}), a));
  CHECK(equal(randn({4}), b));
  CHECK(equal(randint(0, 100, {6}), c));
  CHECK(equal(randperm(9), d));
  CHECK_FALSE(equal(rand({3, 5}), a));
  manual_seed(8);
  CHECK_FALSE(equal(rand({3, 5}), a));
}

TEST_CASE("each draw takes as many counters as numbers") {
  manual_seed(1);
  (void)rand({3, 4});
  CHECK(default_generator().counter() == 12);
  (void)randn({5}, f64);
  CHECK(default_generator().counter() == 17);
  (void)randint(0, 2, {2, 2});
  CHECK(default_generator().counter() == 21);
  (void)randperm(10);
  CHECK(default_generator().counter() == 31);
  (void)rand({0});
  CHECK(default_generator().counter() == 31);
}

TEST_CASE("one long draw is two short ones, at any number of threads") {
  manual_seed(3);
  const std::vector<double> whole = randn({50'000}).to_vector();
  manual_seed(3);
  std::vector<double> parts = randn({20'001}).to_vector();
  const std::vector<double> rest = randn({29'999}).to_vector();
  parts.insert(parts.end(), rest.begin(), rest.end());
  CHECK(parts == whole);
}

TEST_CASE("the numbers are where they should be") {
  manual_seed(5);
  const auto moments = [](const std::vector<double>& v) {
    double mean = 0, square = 0;
    for (double x : v) mean += x / static_cast<double>(v.size()), square += x * x / static_cast<double>(v.size());
    return std::pair(mean, square - mean * mean);
  };
  for (DType t : {f32, f64}) {
    const auto u = rand({40'000}, t).to_vector();
    CHECK(*std::ranges::min_element(u) >= 0);
    CHECK(*std::ranges::max_element(u) < 1);
    CHECK(std::abs(moments(u).first - 0.5) < 0.01);
    CHECK(std::abs(moments(u).second - 1.0 / 12) < 0.003);
    const auto z = randn({40'000}, t).to_vector();
    CHECK(std::abs(moments(z).first) < 0.02);
    CHECK(std::abs(moments(z).second - 1) < 0.03);
  }
  const auto k = randint(-2, 3, {5'000}).to_vector<std::int64_t>();
  for (int value = -2; value < 3; ++value) CHECK(std::abs(std::ranges::count(k, value) - 1000) < 150);
}

TEST_CASE("randperm is a permutation, and a generator of one's own is left alone by others") {
  Generator mine(11), again(11);
  auto p = randperm(1000, mine).to_vector<std::int64_t>();
  (void)rand({10});
  CHECK(p == randperm(1000, again).to_vector<std::int64_t>());
  CHECK(mine.counter() == 1000);
  CHECK_FALSE(std::ranges::is_sorted(p));
  std::ranges::sort(p);
  for (std::int64_t i = 0; i < 1000; ++i) CHECK(p[static_cast<std::size_t>(i)] == i);
  CHECK(randperm(0).numel() == 0);
  CHECK(randperm(1).item() == 0);
}

TEST_CASE("random: what it refuses") {
  CHECK_SAYS(rand({2}, i64), "rand: needs a floating-point dtype", "got:      i64", "f32 or f64", "randint",
             "random.cpp:");
  CHECK_SAYS(randn({2}, boolean), "randn: needs a floating-point dtype", "bool");
  CHECK_SAYS(randn({-2}), "randn: negative size -2");
  CHECK_SAYS(randint(3, 3, {2}), "randint: the range is empty", "[3, 3)", "low < high");
  CHECK_SAYS(randint(0, 3, {-1}), "randint: negative size");
  CHECK_SAYS(randperm(-1), "randperm: negative size -1");
}

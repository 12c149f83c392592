// Compressed gradients: what is sent, what waits for the next step, and that training arrives all the same.
#include <gradus/dist/dist.hpp>
#include <gradus/gradus.hpp>

#include <cmath>
#include <limits>
#include <sstream>

#include "dist/largest.hpp"
#include "dist/ranks.hpp"
#include "support.hpp"

using namespace gradus;

TEST_CASE("the largest go with what is left of former steps, the others are left") {
  const std::vector<float> numbers{1, -5, 0.5f, 3, -3, 0};
  std::vector<float> left{0, 1, 0.25f, 0, 0, 2};
  std::vector<dist::Entry> sent(2);
  dist::take_largest(numbers, left, sent);  // 1 -4 0.75 3 -3 2: of the two 3, the first
  CHECK(sent[0].place == 1);
  CHECK(sent[0].value == -4);
  CHECK(sent[1].place == 3);
  CHECK(sent[1].value == 3);
  CHECK(left == std::vector<float>{1, 0, 0.75f, 0, -3, 2});
  dist::take_largest(std::vector<float>(6, 0.0f), left, sent);
  CHECK(sent[0].place == 4);
  CHECK(sent[1].place == 5);
  CHECK(left == std::vector<float>{1, 0, 0.75f, 0, 0, 0});
  std::vector<float> sum(6);
  CHECK(dist::add_entries(sent, sum));
  CHECK(sum == std::vector<float>{0, 0, 0, 0, -3, 2});
  sent[1].place = 6;
  CHECK_FALSE(dist::add_entries(sent, sum));
  CHECK(dist::kept_of(0.01, 150) == 2);
  CHECK(dist::kept_of(1, 7) == 7);
  CHECK(dist::kept_of(1e-9, 7) == 1);
  CHECK(dist::kept_of(0.5, 0) == 0);
}

TEST_CASE("over many steps the sum of what is sent and of what waits is the sum of the gradients") {
  manual_seed(5);
  const std::size_t count = 1000;
  std::vector<float> left(count);
  std::vector<float> sum(count);
  std::vector<double> exact(count);
  std::vector<dist::Entry> sent(dist::kept_of(0.05, count));
  for (int step = 0; step < 50; ++step) {
    // Whole numbers, so that no sum rounds; many of them are equal.
    const Tensor g = round(randn({static_cast<std::int64_t>(count)}) * 4);
    const auto numbers = g.data<float>();
    for (std::size_t i = 0; i < count; ++i) exact[i] += numbers[i];
    dist::take_largest(numbers, left, sent);
    for (std::size_t i = 1; i < sent.size(); ++i) REQUIRE(sent[i - 1].place < sent[i].place);
    float least = INFINITY;
    for (const dist::Entry& e : sent) least = std::min(least, std::abs(e.value));
    for (const float x : left) REQUIRE(std::abs(x) <= least);
    REQUIRE(dist::add_entries(sent, sum));
  }
  for (std::size_t i = 0; i < count; ++i) CHECK(sum[i] + left[i] == exact[i]);
}

TEST_CASE("what is not a number is sent at once and not kept") {
  const float infinite = std::numeric_limits<float>::infinity();
  std::vector<float> left(4);
  std::vector<dist::Entry> sent(1);
  dist::take_largest(std::vector<float>{NAN, infinite, 1, -2}, left, sent);
  CHECK(sent[0].place == 0);
  CHECK(std::isnan(sent[0].value));
  CHECK(left == std::vector<float>{0, 0, 1, -2});
}

TEST_CASE("compressed gradients: options that are out of range are refused") {
  nn::Sequential net{nn::Linear(2, 1)};
  dist::Group group({.rank = 0, .size = 1});
  CHECK_SAYS(dist::DataParallel(net, group, {.compress = dist::Compress::top_k, .keep = 0}), "keep", "compress.cpp:");
  CHECK_SAYS(dist::DataParallel(net, group, {.compress = dist::Compress::top_k, .keep = 1.5}), "keep", "at most 1");
}

#ifdef GRADUS_HAVE_GLOO

namespace {

// What rank 0 printed, where all ranks ended well.
std::string printed(int count, std::vector<std::string> words) {
  const auto results = ranks::run({.count = count, .words = std::move(words)});
  for (std::size_t r = 0; r < results.size(); ++r) {
    INFO("rank ", r, ":\n", results[r].out, results[r].err);
    REQUIRE(results[r].code == 0);
  }
  return results[0].out;
}

}  // namespace

TEST_CASE("top_k: a number that is never the largest still arrives, on all ranks the same") {
  std::istringstream out(printed(2, {"waits"}));
  double first[4], last[4];
  for (double& x : first) out >> x;
  for (double& x : last) out >> x;
  CHECK(std::vector<double>(first, first + 4) == std::vector<double>{-12, 0, 0, 0});
  const double slope[4] = {8, 4, 2, 1};
  for (int i = 0; i < 4; ++i) {  // in 64 steps 64 · 1.5 · slope, but for what waits: less than the sum of one step
    INFO("number ", i);
    CHECK(std::abs(last[i] + 64 * 1.5 * slope[i]) < 1.5 * 15);
    CHECK(last[i] < -64 * 1.5 * slope[i] / 2);
  }
}

TEST_CASE("top_k: training arrives where exact gradients do; all of the numbers are the exact gradient") {
  const auto loss = [](int count, const char* keep, const char* megabytes) {
    return std::stod(printed(count, {"top_k", keep, "150", megabytes}));
  };
  const double exact = loss(1, "0", "25");
  CHECK(loss(3, "1", "0.0003") == doctest::Approx(exact).epsilon(1e-4));
  CHECK(loss(3, "0.1", "25") == doctest::Approx(exact).epsilon(0.1));
  CHECK(loss(2, "0.1", "0.0003") == doctest::Approx(exact).epsilon(0.1));
  CHECK(support::contains(printed(2, {"top_k", "0.25", "2", "25"}), ", compressed by top_k, keep 0.25"));
}

TEST_CASE("top_k: another part on one rank is named; NaN on one rank is seen by all, once") {
  for (const auto& r : ranks::run({.count = 2, .words = {"other_keep"}})) {
    INFO(r.err);
    CHECK(r.code == 1);
    CHECK(support::contains(r.err, "rank 1: compress top_k, keep 0.5; rank 0: compress top_k, keep 0.25"));
  }
  CHECK(printed(2, {"not_a_number"}) == "0\n1\n");
}

#endif

// Batches from a second thread: the same bits, exceptions, and ends at any moment.
#include <gradus/data/data.hpp>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "support.hpp"
#include "tensor/pool.hpp"

using namespace gradus;
using data::Dataset, data::Example;

namespace {

Dataset images() {
  manual_seed(3);
  return {rand({40, 1, 6, 6}), arange(40)};
}

struct Fails {
  std::int64_t at;
  std::atomic<bool>* thrown = nullptr;
  std::int64_t size() const { return 12; }
  Example operator[](std::int64_t i) const {
    if (i == at && thrown) *thrown = true;
    if (i == at) throw std::runtime_error("example " + std::to_string(i));
    return {scalar(i), scalar(i, i64)};
  }
};

}  // namespace

TEST_CASE("prefetch: order and bits are those without it") {
  const Dataset d = images();
  for (const std::int64_t depth : {1, 2, 100}) {
    const data::BatchOptions options{
        .size = 7, .shuffle = true, .seed = 2, .transform = data::Augment({.shift = 0.2, .rotate = 20, .seed = 1})};
    const auto plain = data::batches(d, options);
    const auto ahead = data::prefetch(data::batches(d, options), depth);
    CHECK(ahead.size() == plain.size());
    for (int epoch = 0; epoch < 3; ++epoch) {
      auto expected = plain.begin();
      std::int64_t seen = 0;
      for (const auto& [x, y] : ahead) {
        CHECK(equal(x, (*expected).x));
        CHECK(equal(y, (*expected).y));
        ++expected;
        ++seen;
      }
      CHECK(seen == plain.size());
    }
  }
}

TEST_CASE("prefetch: without a seed the order is drawn on this thread") {
  const Dataset d = images();
  const auto order = [&](bool ahead) {
    manual_seed(8);
    const auto range = data::batches(d, {.size = 7, .shuffle = true});
    std::vector<double> all;
    const auto take = [&](const Dataset& batch) {
      for (const double label : batch.y.to_vector()) all.push_back(label);
      (void)rand({3});  // what training draws
    };
    if (ahead)
      for (const auto& batch : data::prefetch(range)) take(batch);
    else
      for (const auto& batch : range) take(batch);
    return all;
  };
  CHECK(order(true) == order(false));
}

TEST_CASE("prefetch: an exception comes where the batch would have come, and comes again") {
  std::atomic<bool> thrown = false;
  auto ahead = data::prefetch(data::batches(Fails{.at = 7, .thrown = &thrown}, {.size = 2}), 4).begin();
  while (!thrown) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(5));  // three batches are ready, and the exception
  for (int i = 0; i < 3; ++i) {
    CHECK((*ahead).y.at({0}) == 2 * i);
    ++ahead;
  }
  CHECK_THROWS_WITH_AS(*ahead, "example 7", std::runtime_error);
  auto it = data::prefetch(data::batches(Fails{.at = 0}, {.size = 2})).begin();
  CHECK_THROWS_AS(*it, std::runtime_error);
  CHECK_THROWS_AS(*it, std::runtime_error);
  CHECK_THROWS_AS(++it, std::runtime_error);
}

TEST_CASE("prefetch: it may end at any moment") {
  const Dataset d = images();
  for (int stop = 0; stop < 12; ++stop) {
    int seen = 0;
    for (const auto& [x, y] : data::prefetch(data::batches(d, {.size = 4}), 1 + stop % 3)) {
      if (seen++ == stop) break;
      CHECK(x.defined());
    }
  }
  auto moved = data::prefetch(data::batches(d, {.size = 4})).begin();
  auto here = std::move(moved);
  CHECK(equal((*here).y, arange(4)));
}

TEST_CASE("prefetch: a batch that is kept stays as it is") {
  std::vector<Dataset> kept;
  for (const auto& batch : data::prefetch(data::batches(Fails{.at = -1}, {.size = 1}), 3)) kept.push_back(batch);
  REQUIRE(kept.size() == 12);
  for (std::size_t i = 0; i < kept.size(); ++i) CHECK(kept[i].y.to_vector() == std::vector{static_cast<double>(i)});
}

TEST_CASE("prefetch: memory goes back to the thread that made it") {
  const Dataset d{rand({512, 64}), arange(512)};
  const auto range = data::prefetch(data::batches(d, {.size = 16, .shuffle = true}));
  const auto epoch = [&] {
    for (const auto& [x, y] : range) CHECK(x.defined());
  };
  epoch();
  const std::size_t before = memory_stats().cached;
  for (int i = 0; i < 5; ++i) epoch();
  const std::size_t batch = 16 * 64 * sizeof(float);
  CHECK(memory_stats().cached < before + 40 * batch);  // not those of 160 batches
}

TEST_CASE("prefetch: what it refuses") {
  CHECK_SAYS(data::prefetch(data::batches(images()), 0), "prefetch: the depth is too small", "got:      0");
}

// Batches: their order, their sizes, and what an epoch is.
#include <gradus/data/data.hpp>

#include <algorithm>

#include "support.hpp"
#include "tensor/pool.hpp"

using namespace gradus;
using data::Dataset;

namespace {

Dataset numbered(std::int64_t n) { return {arange(0, static_cast<double>(n)).reshape({n, 1}), arange(n)}; }

using Epoch = std::vector<std::vector<std::int64_t>>;

Epoch labels(const data::Batches& batches) {
  Epoch epoch;
  for (auto [x, y] : batches) {
    epoch.push_back(y.to_vector<std::int64_t>());
    CHECK(x.to_vector<std::int64_t>() == epoch.back());  // x and y stay together
  }
  CHECK(static_cast<std::int64_t>(epoch.size()) == batches.size());
  return epoch;
}

std::vector<std::int64_t> flat(const Epoch& epoch) {
  std::vector<std::int64_t> all;
  for (const auto& batch : epoch) all.insert(all.end(), batch.begin(), batch.end());
  return all;
}

}  // namespace

TEST_CASE("batches: in order, the last one smaller or left out") {
  const Dataset d = numbered(7);
  CHECK(labels(data::batches(d, {.size = 3})) == Epoch{{0, 1, 2}, {3, 4, 5}, {6}});
  CHECK(labels(data::batches(d, {.size = 3, .drop_last = true})) == Epoch{{0, 1, 2}, {3, 4, 5}});
  CHECK(labels(data::batches(d, {.size = 1})).size() == 7);
  CHECK(labels(data::batches(d)).size() == 1);  // 32 and more than there are
}

TEST_CASE("batches: the full batch") {
  const Dataset d = numbered(7);
  for (std::int64_t size : {0, 7, 8, 1000}) {
    CHECK(labels(data::batches(d, {.size = size})) == Epoch{{0, 1, 2, 3, 4, 5, 6}});
    CHECK(data::batches(d, {.size = size, .drop_last = true}).size() == 1);
  }
}

TEST_CASE("batches: a temporary dataset is kept") {
  std::int64_t n = 0;
  for (auto [x, y] : data::batches(data::digits().train, {.size = 100})) {
    CHECK(x.shape()[1] == 64);
    n += y.numel();
  }
  CHECK(n == 1438);
}

TEST_CASE("batches: in order they are views, of a dense copy where need be") {
  Dataset d = numbered(6);
  const auto range = data::batches(d, {.size = 4});
  d.x.fill_(9);
  CHECK((*range.begin()).x.at({0, 0}) == 9);
  const Dataset turned{tensor({{1, 2, 3}, {4, 5, 6}}).transpose(0, 1), arange(3)};
  const auto [x, y] = *data::batches(turned, {.size = 2}).begin();
  CHECK(x.is_contiguous());
  CHECK(x.to_vector() == std::vector<double>{1, 4, 2, 5});
}

TEST_CASE("batches: shuffled, each example once") {
  const Dataset d = numbered(100);
  manual_seed(1);
  const auto range = data::batches(d, {.size = 32, .shuffle = true});
  const Epoch first = labels(range), second = labels(range);
  CHECK(first != second);  // every begin() draws
  CHECK(first.back().size() == 4);
  auto all = flat(first);
  CHECK_FALSE(std::ranges::is_sorted(all));
  std::ranges::sort(all);
  CHECK(all == flat(labels(data::batches(d))));
  manual_seed(1);
  CHECK(labels(range) == first);
}

TEST_CASE("batches: with a seed, the order is a function of seed and epoch") {
  const Dataset d = numbered(50);
  const auto order = [&](std::uint64_t seed, std::int64_t epoch) {
    return flat(labels(data::batches(d, {.size = 8, .shuffle = true, .seed = seed, .epoch = epoch})));
  };
  manual_seed(1);
  CHECK(order(1, 0) == order(1, 0));
  CHECK(default_generator().counter() == 0);  // nothing drawn from it
  CHECK(order(1, 0) != order(1, 1));
  CHECK(order(1, 0) != order(2, 0));
  CHECK(order(1, 0) != randperm(50).to_vector<std::int64_t>());
  const auto whole = flat(labels(data::batches(d, {.size = 0, .shuffle = true, .seed = 1})));
  CHECK(whole == order(1, 0));  // whatever the size
}

TEST_CASE("batches: a seeded range has another order each epoch") {
  const Dataset d = numbered(50);
  const data::BatchOptions options{.size = 8, .shuffle = true, .seed = 5};
  const auto range = data::batches(d, options);
  const Epoch first = labels(range), second = labels(range), third = labels(range);
  CHECK(first != second);
  CHECK(second != third);
  for (const auto& [epoch, order] : {std::pair{0, first}, {1, second}, {2, third}}) {
    data::BatchOptions later = options;
    later.epoch = epoch;
    CHECK(labels(data::batches(d, later)) == order);  // by (seed, epoch) alone
  }
}

TEST_CASE("batches: a steady epoch asks nothing of the system") {
  const Dataset d{rand({500, 20}), arange(500)};
  const auto epoch = [&](bool shuffle) {
    for (auto [x, y] : data::batches(d, {.size = 32, .shuffle = shuffle})) CHECK(x.defined());
  };
  for (bool shuffle : {false, true}) {
    epoch(shuffle);
    const auto before = memory_stats().system_calls;
    epoch(shuffle);
#ifndef GRADUS_NO_POOL
    CHECK(memory_stats().system_calls == before);
#else
    (void)before;
#endif
  }
}

TEST_CASE("batches: what they refuse") {
  CHECK_SAYS(data::batches(Dataset{}), "batches: x or y of the dataset is undefined", "batches.cpp:");
  CHECK_SAYS(data::batches({zeros({0, 3}), zeros({0}, i64)}), "batches: the dataset is empty", "x (0, 3) and y (0,)");
  CHECK_SAYS(data::batches({zeros({3, 2}), zeros({2}, i64)}), "batches: x and y differ in their number of examples");
  CHECK_SAYS(data::batches({zeros({3, 2}), scalar(0)}), "batches: x or y has no axis of examples");
  CHECK_SAYS(data::batches(numbered(3), {.size = -1}), "batches: the batch size is negative", "-1",
             "0 for all examples in one batch");
}

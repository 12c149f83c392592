// Data sets of a user's own, and transforms of batches.
#include <gradus/gradus.hpp>

#include <stdexcept>

#include "support.hpp"

using namespace gradus;
using data::Dataset, data::Example;

namespace {

struct Squares {
  std::int64_t count = 10;
  std::int64_t size() const { return count; }
  Example operator[](std::int64_t i) const {
    const auto x = static_cast<double>(i);
    return {full({2}, x), scalar(i * i, i64)};
  }
};

std::vector<std::int64_t> labels(const data::Batches& batches) {
  std::vector<std::int64_t> all;
  for (auto [x, y] : batches)
    for (const std::int64_t label : y.to_vector<std::int64_t>()) all.push_back(label);
  return all;
}

}  // namespace

TEST_CASE("source: a type with size() and [] is a data set") {
  static_assert(data::Source<Squares>);
  static_assert(!data::Source<Dataset>);
  const auto range = data::batches(Squares{}, {.size = 4});
  CHECK(range.size() == 3);
  const auto [x, y] = *range.begin();
  CHECK(x.shape() == Shape{4, 2});
  CHECK(x.to_vector() == std::vector<double>{0, 0, 1, 1, 2, 2, 3, 3});
  CHECK(y.to_vector() == std::vector<double>{0, 1, 4, 9});
  CHECK(labels(range).size() == 10);
}

TEST_CASE("source: the order is that of a dataset with the same seed") {
  const Dataset d{zeros({10, 1}), arange(10)};
  const data::BatchOptions options{.size = 3, .shuffle = true, .seed = 4};
  std::vector<std::int64_t> squares = labels(data::batches(d, options));
  for (std::int64_t& label : squares) label *= label;
  CHECK(labels(data::batches(Squares{}, options)) == squares);
}

TEST_CASE("source: what goes wrong") {
  struct Uneven {
    std::int64_t size() const { return 4; }
    Example operator[](std::int64_t i) const { return {zeros({i == 2 ? 3 : 2}), scalar(0, i64)}; }
  };
  struct Broken {
    std::int64_t size() const { return 4; }
    Example operator[](std::int64_t i) const {
      if (i == 3) throw std::runtime_error("no file");
      return {zeros({1}), scalar(0)};
    }
  };
  CHECK_SAYS(*data::batches(Uneven{}).begin(), "batches: x of example 2 differs from that of example 0",
             "f32 (3,) and f32 (2,)", "source.cpp:");
  CHECK_THROWS_WITH_AS(*data::batches(Broken{}).begin(), "no file", std::runtime_error);
  CHECK_SAYS(data::batches(Squares{.count = 0}), "batches: the data set is empty");
  CHECK_SAYS(data::batches(Squares{}, {.size = -1}), "the batch size is negative");
}

TEST_CASE("transform: gets the batch, the numbers of its examples and the epoch") {
  const Dataset d{arange(0, 7).reshape({7, 1}), arange(7)};
  for (const bool shuffle : {false, true}) {
    std::vector<std::int64_t> epochs;
    const auto transform = [&](const Dataset& batch, const Tensor& index, std::int64_t epoch) {
      CHECK(equal(index, batch.y));
      epochs.push_back(epoch);
      return Dataset{batch.x * 2, batch.y};
    };
    const auto range = data::batches(d, {.size = 4, .shuffle = shuffle, .seed = 1, .epoch = 5, .transform = transform});
    for (int epoch = 0; epoch < 2; ++epoch)
      for (auto [x, y] : range) CHECK(equal(x.reshape({-1}).to(i64), y * 2));
    CHECK(epochs == std::vector<std::int64_t>{5, 5, 6, 6});
  }
}

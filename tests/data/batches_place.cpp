// The place in the batches: it is counted, said, and gone back to.
#include <gradus/data/data.hpp>

#include "support.hpp"

using namespace gradus;
using data::Batches, data::BatchOptions;

namespace {

Batches make(const BatchOptions& options) {
  return data::batches({arange(0, 10).reshape({10, 1}), arange(10)}, options);
}

using Labels = std::vector<std::vector<std::int64_t>>;

// The batches of so many epochs.
Labels labels(const Batches& batches, int epochs) {
  Labels all;
  for (int i = 0; i < epochs; ++i)
    for (auto [x, y] : batches) all.push_back(y.to_vector<std::int64_t>());
  return all;
}

}  // namespace

TEST_CASE("batches: epoch and position") {
  const Batches batches = make({.size = 4});
  CHECK(batches.epoch() == 0);
  CHECK(batches.position() == 0);
  std::int64_t handed_out = 0;
  for (auto [x, y] : batches) {
    CHECK(batches.epoch() == 0);
    CHECK(batches.position() == ++handed_out);
  }
  CHECK(batches.epoch() == 1);
  CHECK(batches.position() == 0);
  for (auto [x, y] : batches) break;
  CHECK(batches.epoch() == 1);  // still under way
  CHECK(batches.position() == 1);
  for (auto [x, y] : batches) CHECK(batches.epoch() == 2);
  CHECK(batches.epoch() == 3);
  CHECK(make({.epoch = 7}).epoch() == 7);
}

TEST_CASE("batches: from any place on, the rest is the same") {
  for (const BatchOptions& options : {BatchOptions{.size = 4}, BatchOptions{.size = 4, .shuffle = true},
                                      BatchOptions{.size = 4, .shuffle = true, .drop_last = true, .seed = 3}}) {
    manual_seed(1);
    const Labels whole = labels(make(options), 4);
    manual_seed(1);
    Batches batches = make(options);
    std::vector<std::pair<StateDict, std::uint64_t>> places;
    while (batches.epoch() < 4) {
      places.emplace_back(batches.state_dict(), default_generator().counter());
      for (auto [x, y] : batches) places.emplace_back(batches.state_dict(), default_generator().counter());
    }
    std::size_t loops = 0;
    for (const auto& [place, counter] : places) {
      Batches other = make(options);
      for (auto [x, y] : other) break;  // it may be anywhere
      other.load_state_dict(place);
      default_generator().reset(1, counter);
      const std::int64_t epoch = other.epoch(), position = other.position();
      Labels rest;
      for (loops = 0; other.epoch() < 4; ++loops)
        for (auto [x, y] : other) rest.push_back(y.to_vector<std::int64_t>());
      const auto skipped = static_cast<std::ptrdiff_t>(epoch * other.size() + position);
      INFO("epoch ", epoch, ", position ", position);
      CHECK(rest == Labels(whole.begin() + skipped, whole.end()));
      CHECK(static_cast<std::int64_t>(loops) == 4 - epoch);  // what follows a loop is done for each epoch once
    }
  }
}

TEST_CASE("batches: a place that does not exist") {
  Batches batches = make({.size = 4});
  StateDict state = batches.state_dict();
  CHECK_SAYS(batches.load_state_dict({}), "'epoch' is missing", "batches_place.cpp:");
  state[1].second = from_data(std::vector<std::int64_t>{4}, {});
  CHECK_SAYS(batches.load_state_dict(state), "there is no such place", "epoch 0, after 4 batches", "at most 3 batches");
  state[1].second = scalar(1.5);
  CHECK_SAYS(batches.load_state_dict(state), "'position' is missing or is not one whole number");
  CHECK(batches.position() == 0);
}

TEST_CASE("prefetch: the place is that of what was handed out") {
  const BatchOptions options{.size = 3, .shuffle = true, .seed = 4};
  const Labels whole = labels(make(options), 3);
  for (std::int64_t stop = 0; stop <= 8; ++stop) {
    data::Prefetched range = data::prefetch(make(options), 4);
    StateDict place = range.batches().state_dict();
    std::int64_t seen = 0;
    while (seen < stop) {
      for (auto [x, y] : range) {
        CHECK(y.to_vector<std::int64_t>() == whole[static_cast<std::size_t>(seen)]);
        CHECK(range.epoch() == seen / 4);
        CHECK(range.position() == seen % 4 + 1);
        place = range.batches().state_dict();
        if (++seen == stop) break;
      }
    }
    data::Prefetched other = data::prefetch(make(options), 2);
    other.batches().load_state_dict(place);
    Labels rest;
    while (other.epoch() < 3)
      for (auto [x, y] : other) rest.push_back(y.to_vector<std::int64_t>());
    CHECK(rest == Labels(whole.begin() + stop, whole.end()));
  }
}

// Images that stay bytes, and sets of a user's own that make whole batches.
#include <gradus/data/data.hpp>

#include <gradus/nn/nn.hpp>

#include <algorithm>
#include <cmath>

#include "support.hpp"

using namespace gradus;
using data::Dataset, data::Images;

namespace {

Images images(std::int64_t n = 6) {
  std::vector<std::uint8_t> bytes;
  for (std::int64_t i = 0; i < n * 4; ++i) bytes.push_back(static_cast<std::uint8_t>(i * 37 % 256));
  return Images(std::move(bytes), {1, 2, 2}, arange(n));
}

struct Rows {
  std::int64_t size() const { return 10; }
  Dataset rows(const Tensor& index) const { return {to(index, f32).reshape({-1, 1}), short_by ? zeros({1}) : index}; }
  bool short_by = false;
};

}  // namespace

TEST_CASE("images: batches are those of the same numbers as f32") {
  const Images set = images();
  const Dataset all = set.dataset();
  CHECK(all.x.shape() == Shape{6, 1, 2, 2});
  CHECK(all.x.at({0, 0, 0, 1}) == static_cast<float>(37) / 255);
  const data::BatchOptions options{.size = 4, .shuffle = true, .seed = 3};
  auto theirs = data::batches(all, options);
  auto it = theirs.begin();
  for (const auto& [x, y] : data::batches(set, options)) {
    const Dataset batch = *it;
    CHECK(equal(x, batch.x));
    CHECK(equal(y, batch.y));
    ++it;
  }
  CHECK(it == theirs.end());
  CHECK(set.reshape({4}).rows(arange(2)).x.shape() == Shape{2, 4});
}

TEST_CASE("images: mean and deviation are those of the numbers") {
  const Images set = images(50);
  const Dataset all{set.dataset().x.to(f64), {}};
  CHECK(std::abs(set.mean() - all.x.mean().item()) <= 1e-7 * set.mean());
  CHECK(std::abs(set.deviation() - all.x.std({}, false, 0).item()) <= 1e-7 * set.deviation());
}

TEST_CASE("images: a checksum knows other bytes and other labels") {
  const Images set = images();
  CHECK(set.checksum() == images().checksum());
  CHECK(set.checksum() != images(5).checksum());
  CHECK(set.checksum() != Images(std::vector<std::uint8_t>(24), {1, 2, 2}, arange(6)).checksum());
  Images other = images();
  other.y = arange(1, 7, 1, i64);
  CHECK(set.checksum() != other.checksum());
  CHECK(data::batches(set).checksum() == set.checksum());
  CHECK_FALSE(data::batches(Rows{}).checksum());
}

TEST_CASE("images: what they refuse") {
  const std::vector<std::uint8_t> bytes(8);
  CHECK_SAYS(Images(bytes, {2, 2}, arange(3)), "Images: the numbers of bytes and of labels disagree", "8 bytes",
             "images.cpp");
  CHECK_SAYS(Images({}, {2, 2}, arange(0)), "Images: there is no image");
  CHECK_SAYS(Images(bytes, {2, 2}, Tensor()), "undefined");
  CHECK_SAYS(images().rows(tensor({6}, i64)), "an index out of range", "6");
  CHECK_SAYS(images().rows(tensor({0.5})), "not a list of example numbers");
  CHECK_SAYS(images().reshape({5}), "reshape: ", "4 elements");
}

TEST_CASE("source: a set with rows() makes whole batches") {
  static_assert(data::RowSource<Rows> && data::RowSource<Images> && !data::RowSource<Dataset>);
  std::vector<double> seen;
  for (const auto& [x, y] : data::batches(Rows{}, {.size = 4, .shuffle = true, .seed = 1})) {
    CHECK(x.shape() == Shape{y.numel(), 1});
    for (const double v : y.to_vector()) seen.push_back(v);
  }
  std::sort(seen.begin(), seen.end());
  CHECK(seen == std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  const auto wrong = data::batches(Rows{.short_by = true}, {.size = 4});
  CHECK_SAYS(*wrong.begin(), "batches: rows() of the source gave a batch of another length", "f32 (1,)");
}

TEST_CASE("Standardize: statistics of large data are taken in pieces") {
  manual_seed(1);
  const Tensor x = randn({70'000, 64}) * 3 + 50;  // more than four million
  for (const Axes& axes : {Axes(), Axes(0)}) {
    const nn::Standardize layer = nn::Standardize::of(x, axes);
    const Tensor exact = x.to(f64);
    const Tensor mean = exact.mean(axes), deviation = exact.std(axes, false, 0);
    CHECK(layer.mean.shape() == mean.shape());
    CHECK(allclose(layer.mean.to(f64), mean, 1e-6));
    CHECK(allclose(layer.deviation.to(f64), deviation, 1e-6));
  }
}

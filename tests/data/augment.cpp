// Augmentation: what happens to pixels, and that it is a function of seed, example and epoch.
#include <gradus/gradus.hpp>

#include <cmath>

#include "support.hpp"

using namespace gradus;
using data::Augment, data::AugmentOptions, data::Dataset;

namespace {

Dataset pictures(std::int64_t n, std::int64_t h = 8, std::int64_t w = 6, DType dtype = f32) {
  manual_seed(2);
  return {rand({n, 2, h, w}, dtype), arange(n)};
}

Tensor augmented(const AugmentOptions& options, const Dataset& d, std::int64_t epoch = 0) {
  const Tensor before = d.x.clone();
  const Dataset made = Augment(options)(d, arange(d.size()), epoch);
  CHECK(equal(d.x, before));
  CHECK(made.x.shape() == d.x.shape());
  CHECK(equal(made.y, d.y));
  return made.x;
}

Tensor image(const Tensor& x, std::int64_t i) { return select(x, 0, i); }

constexpr AugmentOptions everything{
    .shift = 0.2, .rotate = 30, .flip = true, .crop = 0.3, .erase = 0.5, .fill = 0.5, .seed = 7};

}  // namespace

TEST_CASE("augment: with nothing asked for, nothing happens") {
  const Dataset d = pictures(5);
  CHECK(equal(augmented({}, d), d.x));
}

TEST_CASE("augment: a flip mirrors half of the images, left to right, exactly") {
  const Dataset d = pictures(400);
  const Tensor y = augmented({.flip = true, .seed = 1}, d), mirrored = flip(d.x, -1);
  int flipped = 0;
  for (std::int64_t i = 0; i < d.size(); ++i) {
    const bool same = equal(image(y, i), image(d.x, i)), other = equal(image(y, i), image(mirrored, i));
    CHECK(same != other);
    flipped += other;
  }
  CHECK(flipped > 160);
  CHECK(flipped < 240);
}

TEST_CASE("augment: a shift moves by whole pixels and fills") {
  const Dataset d = pictures(400, 8, 8);
  const Tensor y = augmented({.shift = 0.25, .fill = 9, .seed = 1}, d);
  std::vector<int> seen(5 * 5);  // rows -2 … 2, columns -2 … 2
  for (std::int64_t i = 0; i < d.size(); ++i) {
    int found = 0;
    for (int down = -2; down <= 2; ++down)
      for (int right = -2; right <= 2; ++right) {
        Tensor moved = pad(image(d.x, i), {{0, 0}, {down, -down}, {right, -right}}, PadMode::constant, 9);
        if (!equal(moved, image(y, i))) continue;
        ++found;
        ++seen[static_cast<std::size_t>(5 * (down + 2) + right + 2)];
      }
    CHECK(found == 1);
  }
  for (const int times : seen) CHECK(times > 0);
}

TEST_CASE("augment: a rotation turns about the middle") {
  // A plane a i + b j stays a plane under rotation: its slope turns, its middle stays.
  const std::int64_t n = 15;
  Tensor ramp = zeros({1, 1, n, n}, f64);
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) ramp.set({0, 0, i, j}, static_cast<double>(j));
  double largest = 0;
  for (std::int64_t epoch = 0; epoch < 50; ++epoch) {
    const Tensor y = augmented({.rotate = 20, .seed = 3}, {ramp, arange(1)}, epoch);
    const double across = y.at({0, 0, 7, 8}) - y.at({0, 0, 7, 7}), down = y.at({0, 0, 8, 7}) - y.at({0, 0, 7, 7});
    CHECK(y.at({0, 0, 7, 7}) == doctest::Approx(7));
    CHECK(across * across + down * down == doctest::Approx(1));
    largest = std::max(largest, std::abs(std::atan2(down, across)) * 180 / 3.14159265358979);
  }
  CHECK(largest < 20);
  CHECK(largest > 15);
}

TEST_CASE("augment: a crop scales a window up, from inside of the image") {
  const Dataset d{full({100, 1, 9, 9}, 3, f64), arange(100)};
  CHECK(equal(augmented({.crop = 0.5, .fill = 100, .seed = 1}, d), d.x));  // nothing comes from outside
  Tensor ramp = zeros({1, 1, 9, 9}, f64);
  for (std::int64_t i = 0; i < 9; ++i)
    for (std::int64_t j = 0; j < 9; ++j) ramp.set({0, 0, i, j}, static_cast<double>(i));
  for (std::int64_t epoch = 0; epoch < 30; ++epoch) {
    const Tensor y = augmented({.crop = 0.5, .seed = 3}, {ramp, arange(1)}, epoch);
    const double slope = y.at({0, 0, 8, 4}) - y.at({0, 0, 7, 4});
    CHECK(slope >= 0.5);
    CHECK(slope <= 1);
    CHECK(y.at({0, 0, 0, 4}) >= 0);
    CHECK(y.at({0, 0, 8, 4}) <= 8 + 1e-12);
  }
}

TEST_CASE("augment: a rectangle is erased in about the share that was asked for") {
  const Dataset d = pictures(400, 16, 16);
  const Tensor y = augmented({.erase = 0.25, .fill = -1, .seed = 5}, d);
  int erased = 0;
  for (std::int64_t i = 0; i < d.size(); ++i) {
    const double gone = eq(image(y, i), -1).to(f64).mean().item();
    erased += gone > 0;
    CHECK(gone < 0.45);  // the shares are up to a third, and sides are rounded
    CHECK(where(eq(image(y, i), -1), image(d.x, i), image(y, i)).to_vector() == image(d.x, i).to_vector());
  }
  CHECK(erased > 70);
  CHECK(erased < 130);
}

TEST_CASE("augment: a function of seed, example and epoch alone") {
  const Dataset d = pictures(20);
  const Augment augment(everything);
  const Tensor all = augment(d, arange(20), 4).x;
  CHECK(equal(augment(d, arange(20), 4).x, all));
  CHECK_FALSE(equal(augment(d, arange(20), 5).x, all));
  AugmentOptions other = everything;
  other.seed = 8;
  CHECK_FALSE(equal(Augment(other)(d, arange(20), 4).x, all));
  const Tensor some = tensor({17, 3, 5}, i64);  // in another batch, at another place
  CHECK(equal(augment(d.rows(some), some, 4).x, Dataset{all, d.y}.rows(some).x));
  const Tensor one = slice(d.x, {{0, 1}});  // the same picture under other numbers becomes another
  CHECK_FALSE(
      equal(augment({one, arange(1)}, tensor({1}, i64), 0).x, augment({one, arange(1)}, tensor({2}, i64), 0).x));
}

TEST_CASE("augment: a run that begins in a later epoch has the same bits") {
  const Dataset d = pictures(20);
  data::BatchOptions options{.size = 6, .shuffle = true, .seed = 1, .transform = Augment(everything)};
  const auto whole = data::batches(d, options);
  for (auto [x, y] : whole) CHECK(x.defined());
  auto second = whole.begin();
  options.epoch = 1;
  for (auto [x, y] : data::batches(d, options)) {
    CHECK(equal(x, (*second).x));
    ++second;
  }
}

TEST_CASE("augment: f64, and images without channels") {
  const Dataset d = pictures(3, 8, 6, f64);
  CHECK(augmented(everything, d).dtype() == f64);
  const Dataset flat{select(d.x, 1, 0), d.y};
  CHECK(equal(augmented(everything, flat), select(augmented(everything, d), 1, 0)));
}

TEST_CASE("augment: what it refuses") {
  CHECK_SAYS(Augment({.shift = 1.5}), "Augment: shift is out of range", "1.5", "augment.cpp:");
  CHECK_SAYS(Augment({.rotate = -1}), "rotate is out of range");
  CHECK_SAYS(Augment({.crop = 1}), "crop is out of range");
  CHECK_SAYS(Augment({.erase = std::nan("")}), "erase is out of range");
  const Augment augment({});
  CHECK_SAYS(augment({zeros({2, 5}), arange(2)}, arange(2), 0), "x is no batch of images", "f32 (2, 5)");
  CHECK_SAYS(augment({zeros({2, 5, 5}), arange(2)}, arange(3), 0), "the index does not have a number for each image");
}

// Images that are a little different each time: shifted, rotated, flipped, cropped, erased.
//
//   const data::Augment augment({.shift = 0.1, .rotate = 10, .seed = 1});
//   for (auto [x, y] : data::batches(train, {.size = 64, .shuffle = true, .seed = 1, .transform = augment})) …
#pragma once

#include <cstdint>

#include <gradus/data/dataset.hpp>

namespace gradus::data {

/// What may happen to an image. All is off by default; amounts are drawn uniformly.
struct AugmentOptions {
  double shift = 0;        ///< up to this part of the height and of the width, by whole pixels: 0 to 1
  double rotate = 0;       ///< up to this angle in degrees, either way
  bool flip = false;       ///< one image in two is mirrored, left to right
  double crop = 0;         ///< a window, each side up to this part shorter, is scaled to the full size: 0 to below 1
  double erase = 0;        ///< the probability that a rectangle is erased (Zhong et al., "Random erasing", 2017)
  double fill = 0;         ///< the number for erased pixels and for those from outside of the image
  std::uint64_t seed = 0;  ///< of all that is drawn
};

/// Augmentation as the transform of batches. What happens to an example is a function of the seed, the example's number
/// and the epoch alone: the same on any thread, for any size of batch, and after a checkpoint. Numbers between pixels
/// are bilinear; flips and shifts alone copy pixels exactly. Labels stay.
class Augment {
 public:
  /// Throws for amounts that are out of range.
  explicit Augment(const AugmentOptions& options, Loc where = Loc::current());

  /// A new batch: x (N, C, H, W) or (N, H, W), f32 or f64; index (N), i64.
  Dataset operator()(const Dataset& batch, const Tensor& index, std::int64_t epoch) const;

 private:
  AugmentOptions options_;
  Loc where_;
};

}  // namespace gradus::data

// Images that stay bytes in memory: a quarter of what f32 takes. They become numbers in the batch.
//
//   auto [train, test] = data::mnist_images();
//   for (auto [x, y] : data::batches(train, {.size = 64, .shuffle = true})) …  // x (64, 1, 28, 28) f32 in [0, 1]
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gradus/data/source.hpp>

namespace gradus::data {

/// Images of one shape and their labels. Copies share the bytes, which never change.
class Images {
 public:
  Images() = default;  ///< no images
  /// `bytes` holds image after image, each of `shape`; `labels` [N, …] has what is to be learnt about them. Throws if
  /// the numbers disagree, and if there is no image.
  Images(std::vector<std::uint8_t> bytes, const Shape& shape, Tensor labels, Loc where = Loc::current());

  std::int64_t size() const { return y.defined() ? y.shape()[0] : 0; }  ///< how many
  const Shape& shape() const { return shape_; }                         ///< of one image
  /// The images whose numbers index [M], i64, holds, in that order: x [M, …] f32, byte / 255. Throws for an empty index
  /// and a number out of range. This is what data::batches asks for.
  Dataset rows(const Tensor& index, Loc where = Loc::current()) const;
  /// All of them as f32: four times the memory.
  Dataset dataset(Loc where = Loc::current()) const;
  /// The same images in another shape with as many numbers: {784} for {1, 28, 28}.
  Images reshape(const Shape& shape, Loc where = Loc::current()) const;

  double mean() const;             ///< of all numbers, each byte / 255
  double deviation() const;        ///< of all numbers; the biased one, as nn::Standardize takes it
  std::uint32_t checksum() const;  ///< of bytes and labels: a checkpoint notes it
  const std::uint8_t* bytes() const { return bytes_ ? bytes_->data() : nullptr; }  ///< image after image

  Tensor y;  ///< the labels

 private:
  std::shared_ptr<const std::vector<std::uint8_t>> bytes_;
  Shape shape_;
};

/// Images in two: auto [train, test] = …
struct ImageSplit {
  Images train;  ///< to learn from
  Images test;   ///< to measure what was learnt
};

/// MNIST and Fashion-MNIST as bytes, images of {1, 28, 28}: 55 MB, where mnist() and fashion() take 220. The files are
/// found as those functions find them.
ImageSplit mnist_images(const std::string& directory = "", Loc where = Loc::current());
/// Fashion-MNIST: the same with pictures of clothes.
ImageSplit fashion_images(const std::string& directory = "", Loc where = Loc::current());

}  // namespace gradus::data

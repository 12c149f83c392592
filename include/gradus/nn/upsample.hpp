// Images and sequences made larger or smaller.
#pragma once

#include <cstdint>
#include <string>

#include <gradus/nn/module.hpp>
#include <gradus/ops/pair.hpp>

namespace gradus::nn {

/// How numbers between those of the input are found.
enum class UpsampleMode {
  nearest,   ///< the one at floor(i in / out), for (N, C, L) and (N, C, H, W)
  linear,    ///< on the line between two, for (N, C, L)
  bilinear,  ///< linear along both axes, for (N, C, H, W)
};

struct UpsampleOptions {
  Pair size = 0;            ///< of the result: {height, width}, or one number for both and for L; 0: by scale_factor
  double scale_factor = 0;  ///< the result's size is floor(size · scale_factor); 0: by size
  UpsampleMode mode = UpsampleMode::nearest;
  /// Linear and bilinear: the first and last numbers stay where they are, i ↦ i (in - 1) / (out - 1). Otherwise pixels
  /// are squares whose outer edges stay, i ↦ (i + 1/2) in / out - 1/2, no less than 0.
  bool align_corners = false;
};

/// Interpolates x (N, C, L) or (N, C, H, W) along the axes behind C, as PyTorch's layer and interpolate() do.
struct Upsample : Module<Upsample> {
  UpsampleOptions options;

  /// Throws unless exactly one of size and scale_factor is given, and for align_corners with nearest.
  explicit Upsample(const UpsampleOptions& options, Loc where = Loc::current());
  Tensor forward(Arg x) const;
  std::string describe() const;
};

}  // namespace gradus::nn

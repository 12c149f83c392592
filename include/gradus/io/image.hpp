// Pictures as files.
//
//   Tensor x = io::load_image("cat.png");                       // (3, H, W), f32 from 0 to 1
//   io::save_image(x, "cat.ppm");
//   io::save_image(io::make_grid(samples, {.columns = 10}), "samples.png");     // samples (N, C, H, W)
#pragma once

#include <cstdint>
#include <string>

#include <gradus/tensor.hpp>

namespace gradus::io {

/// Writes x (H, W) or (C, H, W), f32 or f64, as a picture of eight bits: round(255 x), and 0 or 255 beyond 0 and 1. C
/// is 1 for grey, 2 with alpha, 3 for red, green and blue, 4 with alpha. The end of the name chooses the format: .png,
/// .pgm (grey) or .ppm (colour). The file appears when it is complete. Throws for a NaN, for another shape, dtype or
/// name, for 0 pixels, and where the file cannot be written. Alpha in a PNG needs libpng when Gradus is built; without
/// it other PNGs are larger.
void save_image(const Tensor& x, const std::string& path, Loc where = Loc::current());

/// The picture in a file, (C, H, W) with C as above, f32, byte / 255. PNG (of any kind; deeper ones are reduced to
/// eight bits, palettes become colours) if Gradus was built with libpng, and PGM and PPM, binary or as text, whose
/// numbers are divided by the largest that the file allows. The bytes say which, not the name. Throws for anything
/// else, and for a file that is damaged or claims more pixels than its bytes can hold.
Tensor load_image(const std::string& path, Loc where = Loc::current());

/// How make_grid() lays pictures out.
struct GridOptions {
  std::int64_t columns = 8;  ///< in a row; torchvision calls it nrow
  std::int64_t padding = 2;  ///< pixels around each picture
  double pad_value = 0;      ///< of those pixels
};

/// The pictures (N, C, H, W) in rows, as one (C, H', W'), where H' = rows (H + padding) + padding, and W' likewise.
/// Unlike torchvision's, it does not make three channels of one. Of the same dtype; not recorded. Throws for another
/// number of axes, for no picture, and for columns or padding out of range.
Tensor make_grid(const Tensor& pictures, const GridOptions& options = {}, Loc where = Loc::current());

}  // namespace gradus::io

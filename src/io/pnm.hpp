// PGM and PPM.
#pragma once

#include <cstdint>
#include <string_view>

#include <gradus/tensor.hpp>

#include "io/file.hpp"

namespace gradus::io {

// (1 or 3, H, W), f32. `bytes` begins with P2, P3, P5 or P6.
Tensor read_pnm(std::string_view bytes, const FileErrors& errors, Loc where);

}  // namespace gradus::io

// Pictures as PNG files.
#pragma once

#include <cstdint>
#include <string>

namespace gradus::io {

// `pixels`: rows from the top, 1 (grey) or 3 (red, green, blue) bytes each.
std::string png(std::uint32_t width, std::uint32_t height, int channels, const std::string& pixels);

}  // namespace gradus::io

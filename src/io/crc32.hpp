// The checksum of ZIP, gzip and PNG.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gradus::io {

// Goes on from the checksum of the bytes before, which is 0 at the beginning.
std::uint32_t crc32(std::uint32_t before, const void* data, std::size_t bytes);

}  // namespace gradus::io

// TensorFlow's record files: each record is its length, the masked CRC32C of that, the bytes, and their masked CRC32C.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gradus::train {

// Castagnoli's, as iSCSI has it: reflected, polynomial 0x1EDC6F41.
std::uint32_t crc32c(std::string_view bytes);
// Turned by 15 bits plus a constant, so that the CRC of bytes that hold their own CRC is no special case.
std::uint32_t masked_crc32c(std::string_view bytes);

// A record with its frame.
std::string record(std::string_view bytes);

}  // namespace gradus::train

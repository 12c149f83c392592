// XXH64, a fast hash of 64 bits: tells two arrays apart, and is no protection against people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gradus::io {

// As github.com/Cyan4973/xxHash describes it (doc/xxhash_spec.md).
std::uint64_t xxh64(std::string_view bytes, std::uint64_t seed = 0);
// 16 digits.
std::string hex(std::uint64_t value);

}  // namespace gradus::io

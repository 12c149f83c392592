// Bytes as base 64, for pictures in text files and for hashes in a page's policy.
#pragma once

#include <string>
#include <string_view>

namespace gradus::io {

// RFC 4648, section 4, with padding.
std::string base64(std::string_view bytes);
// The same of the bytes that pairs of hexadecimal digits stand for.
std::string base64_of_hex(std::string_view digits);

}  // namespace gradus::io

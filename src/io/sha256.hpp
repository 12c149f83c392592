// SHA-256 (FIPS 180-4), to tell whether a file is the one that was meant.
#pragma once

#include <string>
#include <string_view>

namespace gradus::io {

std::string sha256(std::string_view bytes);  // 64 hexadecimal digits

}  // namespace gradus::io

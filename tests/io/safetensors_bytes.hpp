// Bytes of safetensors files, made by hand.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

namespace safetensors_bytes {

// A file with this header, its length before it, and these bytes of data behind it.
inline std::string file_of(const std::string& header, const std::string& data = {}) {
  std::string s(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(s.data(), &length, 8);
  return s + header + data;
}

inline std::string entry(const std::string& dtype, const std::string& shape, std::size_t begin, std::size_t end) {
  return "{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" + std::to_string(begin) + "," +
         std::to_string(end) + "]}";
}

}  // namespace safetensors_bytes

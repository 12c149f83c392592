// The header of a safetensors file: which tensor lies where. Reading one trusts nothing.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "io/file.hpp"

namespace gradus::io {

struct Entry {
  std::string name, dtype;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0, end = 0;  // in the data
};

struct SafetensorsHeader {
  std::map<std::string, std::string> metadata;
  std::vector<Entry> entries;  // in the order of the file
  std::uint64_t data = 0;      // where in the file it begins
};

inline constexpr std::uint64_t most_header_bytes = 100'000'000, most_tensors = 1'000'000;
inline constexpr std::size_t most_name_bytes = 4096;

// The header of a file whose grammar is the format's. Throws by file.fail.
SafetensorsHeader read_header(const InputFile& file);

}  // namespace gradus::io

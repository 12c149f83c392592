// The header of a safetensors file: names, dtypes, shapes and places of its tensors. Reading one trusts nothing.
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
  bool wanted = true;                // will it be read?
};

struct SafetensorsHeader {
  std::map<std::string, std::string> metadata;
  std::vector<Entry> entries;  // in the order of the file
  std::uint64_t data = 0;      // where in the file it begins
  std::vector<std::string> notes;
};

inline constexpr std::uint64_t most_header_bytes = 100'000'000, most_tensors = 1'000'000;
inline constexpr std::size_t most_name_bytes = 4096;

// Throws by file.fail unless the header follows the format. Whether places and sizes fit is checked elsewhere. With
// `lenient` (io::LoadOptions), what was let pass is in `notes`.
SafetensorsHeader read_header(const InputFile& file, bool lenient);

}  // namespace gradus::io

// The header of a NumPy array (numpy.lib.format, versions 1 to 3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gradus/tensor.hpp>

namespace gradus::io {

inline constexpr std::string_view npy_magic = "\x93NUMPY";

// The Python literal of a header: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
struct NpyHeader {
  std::string descr;  // of a structured array: the whole list
  bool fortran_order = false;
  std::vector<std::uint64_t> shape;
};

// Nothing if the text is not such a literal.
std::optional<NpyHeader> parse_npy_header(std::string_view text);

// All that stands before the numbers of a dense tensor in a file, version 1.
std::string npy_header(const Tensor& x);

}  // namespace gradus::io

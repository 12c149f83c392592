// One NumPy array as bytes: its header, and its numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <gradus/tensor.hpp>

#include "io/file.hpp"

namespace gradus::io {

// Bytes in order: how many of those asked for were there; fewer only at the end.
using ReadBytes = std::function<std::size_t(void* to, std::size_t bytes)>;

// Reads an array of `size` bytes, header included; a size that is not known is read as it comes. `what` names the array
// in errors: "", or `"w": `.
Tensor read_npy(const FileErrors& errors, const std::string& what, std::optional<std::uint64_t> size,
                const ReadBytes& read, Loc where);

// What stands before the numbers of a dense tensor.
std::string npy_header(const Tensor& x);

}  // namespace gradus::io

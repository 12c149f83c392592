// One NumPy array as bytes: its header, and its numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gradus/tensor.hpp>

#include "io/file.hpp"
#include "io/npy_header.hpp"

namespace gradus::io {

// Bytes in order: how many of those asked for were there; fewer only at the end.
using ReadBytes = std::function<std::size_t(void* to, std::size_t bytes)>;

struct NpyFormat;

class NpyReader {
 public:
  // Reads the header. `size` counts the bytes of the array, header included; none: they are read as they come. `what`
  // names the array in errors: "", or `array "w": `.
  NpyReader(const FileErrors& errors, std::string what, std::optional<std::uint64_t> size, ReadBytes read);

  const NpyHeader& header() const { return header_; }
  bool can_read() const;                // is it an array that a tensor can hold?
  std::uint64_t numbers_bytes() const;  // of the numbers in the file, if the size of the array is known
  bool changes_dtype() const;           // does the tensor have a wider dtype than the file?
  Tensor read(Loc where);
  bool has_read() const { return has_read_; }  // all of it

 private:
  NpyHeader read_header();
  std::uint64_t count_numbers();
  std::vector<unsigned char> gather(std::uint64_t needed);
  void take(void* to, std::size_t bytes);
  [[noreturn]] void refuse(std::string wrong, std::string got = {}, std::string expected = {}) const;
  [[noreturn]] void refuse_size(std::uint64_t needed, std::uint64_t present) const;
  [[noreturn]] void refuse_dtype() const;

  const FileErrors& errors_;
  std::string what_;
  std::optional<std::uint64_t> size_;
  ReadBytes read_;
  std::uint64_t taken_ = 0;
  std::uint64_t header_bytes_ = 0;
  NpyHeader header_;
  const NpyFormat* format_ = nullptr;  // null: cannot be read
  bool swap_ = false;
  bool has_read_ = false;
};

}  // namespace gradus::io

// An open safetensors file: its header, checked, and its tensors one by one.
#pragma once

#include <string>
#include <vector>

#include <gradus/io/safetensors.hpp>

#include "io/safetensors_header.hpp"

namespace gradus::io {

class SafetensorsReader {
 public:
  // Throws by file.fail unless every byte of the data belongs to exactly one tensor, and all that are wanted can be
  // read; with `any_dtype`, those that cannot be read may be there.
  SafetensorsReader(const InputFile& file, const LoadOptions& options, bool any_dtype);

  const SafetensorsHeader& header() const { return header_; }
  bool can_read(const Entry& e) const;
  bool changes_dtype(const Entry& e) const;  // does the tensor have a wider dtype than the file?
  Tensor read(const Entry& e, Loc where) const;
  StateDict read_wanted(const LoadOptions& options, Loc where) const;

 private:
  const InputFile& file_;
  SafetensorsHeader header_;
};

// The dtype of the format in which a tensor is written.
const char* safetensors_dtype(DType dtype);

}  // namespace gradus::io

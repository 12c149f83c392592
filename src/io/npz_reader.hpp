// An open .npz archive: its arrays one by one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <gradus/io/safetensors.hpp>

#include "io/npy.hpp"
#include "io/zip.hpp"

namespace gradus::io {

class NpzReader {
 public:
  // Throws by file.fail for a damaged archive, and where two arrays have one name.
  NpzReader(const InputFile& file, const LoadOptions& options);

  // Calls f for each array that is wanted. The checksum is verified if f has read the numbers.
  void each(const std::function<void(const std::string& name, NpyReader& array)>& f) const;
  StateDict read_wanted(const LoadOptions& options, Loc where) const;

 private:
  const InputFile& file_;
  LoadOptions options_;
  std::vector<ZipMember> members_;
};

}  // namespace gradus::io

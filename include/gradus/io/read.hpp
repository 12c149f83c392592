// Files of tensors whatever their kind: safetensors, .npz and .npy. The first bytes tell the kind, not the name.
//
//   const io::Contents file = io::read("model.safetensors", {.rename = {{"module.", ""}}});
//   for (const auto& [name, tensor] : file.state) std::puts(name.c_str());
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <gradus/io/numpy.hpp>
#include <gradus/io/safetensors.hpp>

namespace gradus::io {

/// The kinds that read() knows.
enum class Kind { safetensors, npz, npy };

/// What was in a file.
struct Contents {
  Kind kind = Kind::safetensors;        ///< found by content
  StateDict state = {};                 ///< as load() or load_npz() gives it; the array of a .npy file is named "x"
  Metadata metadata = {};               ///< of safetensors
  std::vector<std::string> notes = {};  ///< in sentences: dtypes that had to change, and what lenient reading let pass
};

/// Reads a file of any of the kinds. Throws what load(), load_npz() and load_npy() throw, and for other kinds of file.
Contents read(const std::string& path, const LoadOptions& options = {}, Loc where = Loc::current());

/// A tensor as it lies in a file.
struct TensorInfo {
  std::string name;                  ///< in the file
  std::string dtype;                 ///< in the words of the file: "BF16", "<f4"
  std::vector<std::uint64_t> shape;  ///< of any number of axes
  std::uint64_t bytes = 0;           ///< of its numbers in the file
};

/// Calls f for each tensor in the order of the file, so that only one is in memory. One that Gradus cannot hold, for
/// its dtype or for more than 8 axes, comes undefined. Names are those of the file: `.rename` is not used. Returns kind
/// and metadata, and as notes what lenient reading let pass.
Contents scan(const std::string& path, const std::function<void(const TensorInfo&, const Tensor&)>& f,
              const LoadOptions& options = {}, Loc where = Loc::current());

}  // namespace gradus::io

// Tensors by name in one file, in the safetensors format: what was saved here loads in PyTorch, and the reverse.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gradus/io/state_dict.hpp>

namespace gradus::io {

using Metadata = std::map<std::string, std::string>;  ///< texts saved beside the tensors

/// Writes f32, f64, i64 and bool tensors of any shape. The same tensors give the same bytes, in whatever order they
/// come. The file appears under its name only when it is complete and on the disk: after a failure the old one is still
/// there. A link is followed, and an existing file keeps its mode. Throws for an undefined tensor, a name given twice,
/// names that are not UTF-8, longer than 4,096 bytes or "__metadata__", and where check_writable throws.
void save(const std::string& path, const StateDict& state, const Metadata& metadata = {}, Loc where = Loc::current());

/// Throws what save would throw for these arguments before it writes. Call it before training.
void check_save(const std::string& path, const StateDict& state, const Metadata& metadata = {},
                Loc where = Loc::current());

/// What names begin with in a file, and what stands there instead: {{"module.", ""}}. For each name the first that fits
/// counts; {"", "encoder."} fits every name.
using Renames = std::vector<std::pair<std::string, std::string>>;

struct LoadOptions {
  std::string only = "*";  ///< read the tensors whose names in the file match, as file names do in a shell: "encoder.*"
  Renames rename = {};     ///< how the names begin in the result; two tensors of one name are an error
  /// Of safetensors: accept white space before the header, zero bytes or other white space after it, and __metadata__
  /// that is null. read() returns what was let pass.
  bool lenient = false;
};

/// Reads a file in the order of its header. F16 and BF16 become f32; I8, U8, I16, U16, I32 and U32 become i64; other
/// dtypes are refused by name. Stricter than the format's reference reader: every byte must belong to exactly one
/// tensor. Throws if no tensor is read from a file that has some.
StateDict load(const std::string& path, const LoadOptions& options = {}, Loc where = Loc::current());

/// The texts that were saved beside the tensors.
Metadata metadata(const std::string& path, Loc where = Loc::current());

}  // namespace gradus::io

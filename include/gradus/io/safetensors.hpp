// Tensors by name in one file, in the safetensors format: what was saved here loads in PyTorch, and the reverse.
#pragma once

#include <map>
#include <string>

#include <gradus/io/state_dict.hpp>

namespace gradus::io {

/// Writes f32, f64, i64 and bool tensors of any shape. The same tensors give the same bytes, in whatever order they
/// come. The file appears under its name only when it is complete and on the disk: after a failure the old one is still
/// there. Throws for an undefined tensor, a name given twice, and names that are not UTF-8, too long or "__metadata__".
void save(const std::string& path, const StateDict& state, const std::map<std::string, std::string>& metadata = {},
          Loc where = Loc::current());

/// Reads a file in the order of its header. F16 and BF16 become f32; other dtypes that Gradus lacks are refused by
/// name. Stricter than the format's reference reader: every byte must be accounted for, exactly once.
StateDict load(const std::string& path, Loc where = Loc::current());

/// The words that were saved beside the tensors.
std::map<std::string, std::string> metadata(const std::string& path, Loc where = Loc::current());

}  // namespace gradus::io

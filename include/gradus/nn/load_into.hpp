// A file of weights into a module, by name, with a report. The names of Gradus's layers are PyTorch's, so a file made
// from a state_dict of PyTorch opens (src/nn/PYTORCH.md: what corresponds, and what has to be turned first).
//
//   nn::load_into(net, "model.safetensors");                  // all of it fits, or an Error lists what does not
//   const nn::LoadReport report = nn::load_into(net, "resnet.safetensors", {.strict = false});
//   std::puts(to_string(report).c_str());
#pragma once

#include <string>
#include <vector>

#include <gradus/io/safetensors.hpp>
#include <gradus/nn/module.hpp>

namespace gradus::nn {

struct LoadIntoOptions {
  bool strict = true;       ///< false: what does not fit is left alone, and the report names it
  std::string only = "*";   ///< take the tensors whose names in the file match: "encoder.*"
  io::Renames rename = {};  ///< what names begin with in the file, and in the module: {{"module.", ""}}
  bool lenient = false;     ///< see io::LoadOptions
};

/// What load_into() did. After a strict one, nothing is missing, unexpected or mismatched.
struct LoadReport {
  /// A name that both have, for tensors that differ.
  struct Mismatch {
    std::string name;              ///< in the module
    Shape given, own;              ///< in the file; of the module
    DType given_dtype, own_dtype;  ///< f32 and f64 fit each other, other dtypes only themselves
  };

  std::vector<std::string> loaded = {};   ///< copied into the module, by the module's names
  std::vector<std::string> missing = {};  ///< in the module, not in the file. A tensor that two names share needs one
  std::vector<std::string> unexpected = {};  ///< in the file, not in the module; after renaming
  std::vector<Mismatch> mismatched = {};     ///< in both. Shapes are never broadcast
  std::vector<std::string> notes = {};       ///< as in io::Contents, and numbers that were rounded from f64 to f32
  io::Metadata metadata = {};                ///< of the file
  bool complete() const { return missing.empty() && unexpected.empty() && mismatched.empty(); }  ///< did all fit?
};

/// A few lines for people: how many tensors were loaded, and what was left alone.
std::string to_string(const LoadReport& report);

/// Copies the tensors of a file (safetensors, .npz; found by content) into the parameters and buffers of the same
/// names. Everything is checked before the first number changes. The Error of a strict one lists all that differs, and
/// says which `.rename` would help. A file of which nothing fits is an error either way.
LoadReport load_into(ModuleBase& net, const std::string& path, const LoadIntoOptions& options = {},
                     Loc where = Loc::current());

/// The same from tensors in memory, for those that had to be changed first.
LoadReport load_into(ModuleBase& net, const StateDict& state, const LoadIntoOptions& options = {},
                     Loc where = Loc::current());

}  // namespace gradus::nn

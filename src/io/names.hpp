// Which tensors of a file are read, and under which names.
#pragma once

#include <cstddef>
#include <string>

#include <gradus/io/safetensors.hpp>

#include "io/file.hpp"

namespace gradus::io {

bool is_wanted(const std::string& name, const LoadOptions& options);

// The name by the first rename that fits.
std::string renamed(const std::string& name, const Renames& renames);

// Gives all their new names. Throws by errors.fail if two tensors have one.
void rename(StateDict& state, const Renames& renames, const FileErrors& errors);

// Throws by errors.fail if nothing of a file that has `count` things was wanted. "no tensor", "no array"
void check_wanted(const StateDict& state, std::size_t count, const std::string& first, const char* none,
                  const LoadOptions& options, const FileErrors& errors);

}  // namespace gradus::io

// Can a file be written? Asked before long work, so that its result does not get lost.
#pragma once

#include <string>

#include <gradus/error.hpp>

namespace gradus::io {

/// Throws unless a file can be written at `path`: for a folder, a device, a pipe, a file that is read-only, a folder
/// that is missing or read-only, and a chain of links without an end. A link is followed. Writes nothing.
void check_writable(const std::string& path, Loc where = Loc::current());

}  // namespace gradus::io

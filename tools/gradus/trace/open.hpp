// Opening a trace for a subcommand.
#pragma once

#include <gradus/study/read_trace.hpp>

#include <string>

namespace gradus::tool {

namespace trace = study::trace;

// Throws Stop (file_trouble) if the file cannot be read or is not a trace, and for one of hashes unless they will do.
enum class Hashes { refused, allowed };
trace::File open_trace(const std::string& path, Hashes hashes = Hashes::refused);

}  // namespace gradus::tool

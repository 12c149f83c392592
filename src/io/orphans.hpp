// Temporary files that killed processes have left behind.
#pragma once

#include <string>

namespace gradus::io {

// What the name of a temporary file begins and ends with; between them are the process id and a number.
inline constexpr char temporary_begin[] = "gradus-save-";
inline constexpr char temporary_end[] = ".tmp";

// Marks an open temporary file as being written, for as long as its process lives and keeps it open.
void hold_temporary(int file);

// Removes the temporary files of a folder that nobody writes any more: not `own`, which is open as `file`, none that
// another process holds, on this machine or another, and none that is younger than a minute. Errors do not matter.
void remove_orphans(const std::string& folder, const std::string& own, int file) noexcept;

// The same whatever their age, for a folder that belongs to one program.
void remove_leftovers(const std::string& folder) noexcept;

}  // namespace gradus::io

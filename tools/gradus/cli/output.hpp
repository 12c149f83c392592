// Files that the user names for results. What cannot be written is said before any work begins.
#pragma once

#include <initializer_list>
#include <string>

namespace gradus::tool {

// The option and the file it names; an empty path: the option was not given.
struct NamedFile {
  const char* option;
  std::string path;
};

// Throws Stop, with exit code 3, unless a file can be written there: see io::check_writable.
void check_output(const NamedFile& file);

// Throws Stop, with exit code 2, where two options name one file, under whatever names.
void refuse_same_file(std::initializer_list<NamedFile> files);

}  // namespace gradus::tool

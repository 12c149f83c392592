// Files that the user names for results. What cannot be written is said before any work begins.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

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

// Throws Stop, with exit code 2, where a result would replace one of the files that it is made of, by whatever name.
void refuse_inputs(const char* option, const std::string& output, const std::vector<std::string>& inputs);

// Writes a page; an older one stays until the new one is complete. Throws Stop, with exit code 3.
void write_page(const std::string& path, const std::string& page, const char* operation);

}  // namespace gradus::tool

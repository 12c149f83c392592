// The lines of a user's program, as far as its files are still to be found where a trace says.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "trace/open.hpp"

namespace gradus::tool {

struct SourceFile {
  std::vector<std::string> lines;
  bool changed = false;  // since the run
  bool found() const { return !lines.empty(); }
};

class Sources {
 public:
  // Looked for in `directory` if it is not empty, as named, where the program ran, beside the trace, and in every
  // directory above the program: a name relative to where the compiler ran is often found from there.
  Sources(const trace::File& file, const std::string& directory);
  // Never throws; a file that cannot be had has no lines.
  const SourceFile& file(const std::string& name);

 private:
  SourceFile load(const std::string& name) const;
  std::vector<std::string> places_;
  std::string directory_;
  std::int64_t time_;
  std::map<std::string, SourceFile> files_;
};

// "xor.cpp:16"
std::string short_place(const std::string& file, int line);

}  // namespace gradus::tool

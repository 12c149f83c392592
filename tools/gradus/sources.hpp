// The lines of a user's program, as far as its files are still to be found where a trace says.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace gradus::tool {

struct SourceFile {
  std::vector<std::string> lines;
  bool changed = false;  // since the run
  bool found() const { return !lines.empty(); }
};

class Sources {
 public:
  // Looked for as named, then below where the program ran, beside the trace, and in `directory` if it is not empty.
  Sources(const std::string& trace, const std::string& ran_in, std::int64_t time, const std::string& directory);
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

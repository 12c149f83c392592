// Finding a program's source files, and only source files.
#include "trace/sources.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

namespace gradus::tool {
namespace {

namespace fs = std::filesystem;

// A trace may come from anybody, and its page goes to anybody: it must not be able to name a private file.
bool is_source(const fs::path& path) {
  constexpr std::array<std::string_view, 12> endings = {".cpp", ".cc", ".cxx", ".c",   ".hpp", ".hh",
                                                        ".hxx", ".h",  ".inl", ".ipp", ".tpp", ".cu"};
  return std::ranges::find(endings, path.extension().string()) != endings.end();
}

constexpr std::uintmax_t most_bytes = 4 << 20;

}  // namespace

Sources::Sources(const trace::File& file, const std::string& directory)
    : places_{"", file.header.directory, fs::path(file.path).parent_path().string()},
      directory_(directory),
      time_(file.header.time) {
  fs::path above = fs::path(file.header.directory) / fs::path(file.header.program).parent_path();
  for (int levels = 0; levels < 6 && above.has_relative_path(); ++levels, above = above.parent_path()) {
    places_.push_back(above.string());
  }
}

const SourceFile& Sources::file(const std::string& name) {
  const auto known = files_.find(name);
  return known != files_.end() ? known->second : files_.emplace(name, load(name)).first->second;
}

SourceFile Sources::load(const std::string& name) const {
  std::vector<fs::path> candidates;
  if (!directory_.empty()) {  // asked for: first
    candidates.push_back(fs::path(directory_) / fs::path(name).relative_path());
    candidates.push_back(fs::path(directory_) / fs::path(name).filename());
  }
  for (const std::string& place : places_) candidates.push_back(fs::path(place) / name);
  candidates.push_back(fs::path(places_[2]) / fs::path(name).filename());  // sent along with the trace
  for (const fs::path& path : candidates) {
    std::error_code ignored;
    if (!is_source(path) || !fs::is_regular_file(path, ignored) || fs::file_size(path, ignored) > most_bytes) continue;
    std::ifstream in(path);
    SourceFile source;
    for (std::string line; std::getline(in, line);) {
      if (line.ends_with('\r')) line.pop_back();
      source.lines.push_back(line);
    }
    if (!source.found()) continue;
    struct stat status {};
    source.changed = time_ > 0 && stat(path.c_str(), &status) == 0 && status.st_mtime > time_;
    return source;
  }
  return {};
}

std::string short_place(const std::string& file, int line) {
  return fmt::format("{}:{}", fs::path(file).filename().string(), line);
}

}  // namespace gradus::tool

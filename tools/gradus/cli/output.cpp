// Checks of the files that options name: can they be written, and are they different ones?
#include "cli/output.hpp"

#include <fmt/format.h>
#include <gradus/io/writable.hpp>

#include <filesystem>

#include "cli/command.hpp"
#include "io/file.hpp"

namespace gradus::tool {
namespace {

namespace fs = std::filesystem;

// Two names of one existing file have one device and inode; names of files to come have one canonical path.
bool same_file(const std::string& a, const std::string& b) {
  std::error_code ignored;
  if (fs::equivalent(a, b, ignored)) return fs::is_regular_file(a, ignored);
  const fs::path one = fs::weakly_canonical(fs::absolute(a), ignored);
  const fs::path other = fs::weakly_canonical(fs::absolute(b), ignored);
  return !one.empty() && one == other && !fs::exists(one, ignored);
}

}  // namespace

void check_output(const NamedFile& file) {
  if (file.path.empty()) return;
  try {
    io::check_writable(file.path);
  } catch (const Error& e) { throw Stop(file_trouble, fmt::format("{} {}", file.option, e.complaint().wrong)); }
}

void refuse_same_file(std::initializer_list<NamedFile> files) {
  for (const NamedFile* a = files.begin(); a != files.end(); ++a) {
    for (const NamedFile* b = a + 1; b != files.end(); ++b) {
      if (a->path.empty() || b->path.empty() || !same_file(a->path, b->path)) continue;
      throw Stop(usage, fmt::format("{} {} and {} {} are one file; give them different names", a->option, a->path,
                                    b->option, b->path));
    }
  }
}

void refuse_inputs(const char* option, const std::string& output, const std::vector<std::string>& inputs) {
  for (const std::string& input : inputs) {
    std::error_code missing;
    if (fs::equivalent(output, input, missing))
      throw Stop(usage,
                 fmt::format("{} {}: that is {}, which it is made of; choose another name", option, output, input));
  }
}

void write_page(const std::string& path, const std::string& page, const char* operation) {
  try {
    io::AtomicFile file(path, operation, Loc::current());
    file.write(page.data(), page.size());
    file.commit();
  } catch (const Error& e) { throw Stop(file_trouble, e.complaint().wrong); }
}

}  // namespace gradus::tool

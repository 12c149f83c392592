// Names of tensors in files: patterns and renaming.
#include "io/names.hpp"

#include <fnmatch.h>

#include <unordered_set>

#include "tensor/format.hpp"

namespace gradus::io {

bool is_wanted(const std::string& name, const LoadOptions& options) {
  return options.only == "*" || ::fnmatch(options.only.c_str(), name.c_str(), 0) == 0;
}

std::string renamed(const std::string& name, const Renames& renames) {
  for (const auto& [from, to] : renames) {
    if (name.starts_with(from)) return to + name.substr(from.size());
  }
  return name;
}

void rename(StateDict& state, const Renames& renames, const FileErrors& errors) {
  if (renames.empty()) return;
  std::unordered_set<std::string> names;
  for (auto& [name, tensor] : state) {
    std::string wanted = renamed(name, renames);
    if (!names.insert(wanted).second) {
      errors.fail({.wrong = formatted("two tensors get the name {:?} by renaming", wanted),
                   .got = formatted("one of them is {:?} in the file", name)});
    }
    name = std::move(wanted);
  }
}

void check_wanted(const StateDict& state, std::size_t count, const std::string& first, const char* none,
                  const LoadOptions& options, const FileErrors& errors) {
  if (!state.empty() || count == 0) return;
  errors.fail({.wrong = formatted("{} has a name like {:?}", none, options.only),
               .got = formatted("{:?} and {} others", first, count - 1)});
}

}  // namespace gradus::io

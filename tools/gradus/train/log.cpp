// Writing the log of a run.
#include "train/log.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "cli/command.hpp"
#include "cli/spec.hpp"

namespace gradus::tool {

RunLog::RunLog(std::string path, std::string columns, std::int64_t kept)
    : path_(std::move(path)), columns_(std::move(columns)) {
  if (path_.empty()) return;
  const bool goes_on = kept > 0 && keep(kept);
  file_.reset(std::fopen(path_.c_str(), goes_on ? "a" : "w"));
  if (!file_ || (!goes_on && !write(columns_ + '\n'))) {
    throw Stop(file_trouble, fmt::format("--log {}: {}", path_, std::strerror(errno)));
  }
}

// Cuts the file before the first line that is not whole or counts further.
bool RunLog::keep(std::int64_t number) const {
  std::ifstream in(path_, std::ios::binary);
  std::string line;
  std::uintmax_t size = 0;
  while (std::getline(in, line) && !in.eof()) {
    const std::optional<std::int64_t> counted = to_integer(line.substr(0, line.find(',')));
    const bool fits = size == 0 ? line == columns_ : counted && *counted <= number;
    if (!fits) break;
    size += line.size() + 1;
  }
  if (size == 0) return false;
  std::error_code error;
  std::filesystem::resize_file(path_, size, error);
  return !error;
}

void RunLog::add(const std::string& line) {
  if (!file_ || write(line + '\n')) return;
  const auto first = [](const std::string& cells) { return cells.substr(0, cells.find(',')); };
  fmt::print(stderr, "gradus: --log {}: {}; it ends before {} {}\n", path_, std::strerror(errno), first(columns_),
             first(line));
  file_.reset();
}

bool RunLog::write(const std::string& line) {
  return std::fputs(line.c_str(), file_.get()) >= 0 && std::fflush(file_.get()) == 0;
}

}  // namespace gradus::tool

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

RunLog::RunLog(const std::string& path, const Objective& objective, std::int64_t kept)
    : path_(path),
      columns_(fmt::format("epoch,step,loss,train_{0},test_{0},seconds,lr", objective.name())),
      objective_(objective) {
  if (path.empty()) return;
  const bool goes_on = kept > 0 && keep(kept);
  file_.reset(std::fopen(path.c_str(), goes_on ? "a" : "w"));
  if (!file_ || (!goes_on && !write(columns_ + '\n'))) {
    throw Stop(file_trouble, fmt::format("--log {}: {}", path_, std::strerror(errno)));
  }
}

// Cuts the file before the first line that is not whole or is of a later epoch.
bool RunLog::keep(std::int64_t epochs) const {
  std::ifstream in(path_, std::ios::binary);
  std::string line;
  std::uintmax_t size = 0;
  while (std::getline(in, line) && !in.eof()) {
    const std::optional<std::int64_t> epoch = to_integer(line.substr(0, line.find(',')));
    const bool fits = size == 0 ? line == columns_ : epoch && *epoch <= epochs;
    if (!fits) break;
    size += line.size() + 1;
  }
  if (size == 0) return false;
  std::error_code error;
  std::filesystem::resize_file(path_, size, error);
  return !error;
}

void RunLog::add(const EpochResult& r) {
  if (!file_) return;
  if (!write(fmt::format("{},{},{},{},{},{:.3f},{}\n", r.epoch, r.step, r.loss, objective_.log_text(r.train_score),
                         objective_.log_text(r.test_score), r.seconds, r.lr))) {
    fmt::print(stderr, "gradus: --log {}: {}; it ends before epoch {}\n", path_, std::strerror(errno), r.epoch);
    file_.reset();
  }
}

bool RunLog::write(const std::string& line) {
  return std::fputs(line.c_str(), file_.get()) >= 0 && std::fflush(file_.get()) == 0;
}

}  // namespace gradus::tool

#include "train/log.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "cli/command.hpp"

namespace gradus::tool {

RunLog::RunLog(const std::string& path) : path_(path) {
  if (path.empty()) return;
  file_.reset(std::fopen(path.c_str(), "w"));
  if (!file_ || !write(fmt::format("{}\n", columns))) {
    throw Stop(file_trouble, fmt::format("--log {}: {}", path_, std::strerror(errno)));
  }
}

void RunLog::add(const EpochResult& r) {
  if (!file_) return;
  if (!write(fmt::format("{},{},{},{:.6f},{:.6f},{:.3f},{}\n", r.epoch, r.step, r.loss, r.train_accuracy,
                         r.test_accuracy, r.seconds, r.lr))) {
    fmt::print(stderr, "gradus: --log {}: {}; it ends before epoch {}\n", path_, std::strerror(errno), r.epoch);
    file_.reset();
  }
}

bool RunLog::write(const std::string& line) {
  return std::fputs(line.c_str(), file_.get()) >= 0 && std::fflush(file_.get()) == 0;
}

}  // namespace gradus::tool

// Writing the log of a run.
#include "train/log.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "cli/command.hpp"

namespace gradus::tool {

RunLog::RunLog(const std::string& path, const Objective& objective)
    : path_(path),
      columns_(fmt::format("epoch,step,loss,train_{0},test_{0},seconds,lr", objective.name())),
      objective_(objective) {
  if (path.empty()) return;
  file_.reset(std::fopen(path.c_str(), "w"));
  if (!file_ || !write(columns_ + '\n')) {
    throw Stop(file_trouble, fmt::format("--log {}: {}", path_, std::strerror(errno)));
  }
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

// The lines of a run.
#include "train/progress.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "cli/print.hpp"
#include "cli/terminal.hpp"

namespace gradus::tool {
namespace {

constexpr const char *bold = "\x1b[1m", *plain = "\x1b[0m";

std::string clock(double seconds) {
  const auto s = static_cast<std::int64_t>(std::ceil(std::min(seconds, 359999.0)));
  return s < 3600 ? fmt::format("{}:{:02}", s / 60, s % 60)
                  : fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::string loss_text(double loss) { return loss < 1000 ? fmt::format("{:.4f}", loss) : fmt::format("{:.2e}", loss); }

void write(std::string_view text) {
  write_out(text);
  flush_out();
}

}  // namespace

std::string duration(double seconds) { return seconds < 60 ? fmt::format("{:.2f} s", seconds) : clock(seconds); }

Progress::Progress(std::int64_t epochs, const Objective& objective, bool quiet)
    : epochs_(epochs), objective_(objective), quiet_(quiet), live_(stdout, write) {}

void Progress::show(gradus::train::Progress progress, double score) {
  progress.metric = objective_.name();
  progress.percent = progress.metric == "accuracy";
  progress.score = score;
  live_.show(progress);
}

void Progress::finish(const EpochResult& r) {
  live_.clear();
  if (quiet_) return;
  const char* on = live_.has_colour() ? bold : "";
  const char* off = live_.has_colour() ? plain : "";
  const int digits = static_cast<int>(std::to_string(epochs_).size());
  const int width = live_.is_live() ? terminal_width() : 80;
  const std::string score = objective_.text(r.test_score);
  const std::string loss = fmt::format("  loss {:<7}", loss_text(r.loss));
  std::string line = fmt::format("epoch {:>{}}/{}", r.epoch, digits, epochs_);
  const std::size_t least = line.size() + loss.size() + std::string_view("  test ").size() + score.size();
  if (least <= static_cast<std::size_t>(width)) line += loss;
  if (width >= 48) line += fmt::format("  train {}", objective_.text(r.train_score));
  line += fmt::format("  test {}{}{}", on, score, off);
  if (width >= 60) line += "  " + duration(r.seconds);
  live_.print(line);
}

}  // namespace gradus::tool

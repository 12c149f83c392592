// The line that is rewritten while a network learns.
#include "train/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/print.hpp"

namespace gradus::tool {
namespace {

constexpr const char *cyan = "\x1b[36m", *dim = "\x1b[90m", *bold = "\x1b[1m", *plain = "\x1b[0m";

std::string clock(double seconds) {
  const auto s = static_cast<std::int64_t>(std::ceil(std::min(seconds, 359999.0)));
  return s < 3600 ? fmt::format("{}:{:02}", s / 60, s % 60)
                  : fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::string rate(double per_second) {
  if (per_second >= 999.5e3) return fmt::format("{:.1f}M/s", per_second / 1e6);
  return per_second >= 999.5 ? fmt::format("{:.1f}k/s", per_second / 1e3) : fmt::format("{:.0f}/s", per_second);
}

std::string loss_text(double loss) { return loss < 1000 ? fmt::format("{:.4f}", loss) : fmt::format("{:.2e}", loss); }

std::string repeat(std::string_view part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

}  // namespace

std::string duration(double seconds) { return seconds < 60 ? fmt::format("{:.2f} s", seconds) : clock(seconds); }

Progress::Progress(std::int64_t epochs, std::int64_t items, const Objective& objective, bool quiet)
    : epochs_(epochs), items_(items), objective_(objective), quiet_(quiet) {}

Progress::~Progress() { clear(); }

void Progress::begin(std::int64_t epoch) {
  epoch_ = epoch;
  begun_ = shown_ = Clock::now();
}

void Progress::update(std::int64_t done, double loss, double score) {
  using namespace std::chrono_literals;
  if (quiet_ || !terminal_.live) return;
  const auto now = Clock::now();
  if (now - shown_ < 100ms) return;
  shown_ = now;
  show(done, loss, score);
}

void Progress::show(std::int64_t done, double loss, double score) {
  const double speed = static_cast<double>(done) / std::chrono::duration<double>(shown_ - begun_).count();
  const double left = static_cast<double>((epochs_ - epoch_ + 1) * items_ - done) / speed;
  const int digits = static_cast<int>(std::to_string(epochs_).size());
  const std::string head = fmt::format("epoch {:>{}}/{}", epoch_, digits, epochs_);
  const std::string tail = fmt::format("  loss {:<7}  {} {}  {:>7}  ETA {:<5}", loss_text(loss), objective_.name(),
                                       objective_.text(score), rate(speed), clock(left));
  const int width = terminal_width() - 3;  // the terminal writes ^C after it
  const int room = width - static_cast<int>(head.size() + tail.size()) - 2;
  std::string line = head + tail;
  if (room >= 6) {
    line.insert(head.size(), "  " + bar(static_cast<double>(done) / static_cast<double>(items_), std::min(room, 40)));
  } else {
    line.resize(std::min(line.size(), static_cast<std::size_t>(std::max(width, 0))));
  }
  print("\r{}\x1b[K", line);
  flush_out();
  dirty_ = true;
}

std::string Progress::bar(double share, int width) const {
  if (!terminal_.unicode) {
    const int full = static_cast<int>(share * (width - 2));
    return fmt::format("[{}{}]", repeat("=", full), repeat(" ", width - 2 - full));
  }
  const int halves = static_cast<int>(share * 2 * width), full = halves / 2, half = halves % 2;
  const std::string done = repeat("━", full) + repeat("╸", half);
  if (!terminal_.colour) return done + repeat(" ", width - full - half);
  return cyan + done + dim + repeat("━", width - full - half) + plain;
}

void Progress::finish(const EpochResult& r) {
  clear();
  if (quiet_) return;
  const char* on = terminal_.colour ? bold : "";
  const char* off = terminal_.colour ? plain : "";
  const int digits = static_cast<int>(std::to_string(epochs_).size());
  print("epoch {:>{}}/{}  loss {:<7}  train {}  test {}{}{}  {}\n", r.epoch, digits, epochs_, loss_text(r.loss),
        objective_.text(r.train_score), on, objective_.text(r.test_score), off, duration(r.seconds));
  flush_out();
}

void Progress::clear() {
  if (!dirty_) return;
  print("\r\x1b[K");
  flush_out();
  dirty_ = false;
}

}  // namespace gradus::tool

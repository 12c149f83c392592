// The line of a run: what it says, what is left out where there is little room, and how it is rewritten.
#include <gradus/train/live_line.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "train/terminal.hpp"

namespace gradus::train {
namespace {

constexpr const char* cyan = "\x1b[36m";
constexpr const char* dim = "\x1b[90m";
constexpr const char* bold = "\x1b[1m";
constexpr const char* plain = "\x1b[0m";

int columns(std::string_view text) {  // of UTF-8 without codes; all that is used here is one column wide
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string repeat(std::string_view part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

std::string clock(double seconds) {
  const auto s = static_cast<std::int64_t>(std::ceil(std::clamp(seconds, 0.0, 359999.0)));
  if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::string speed(double per_second) {
  if (per_second >= 999.5e3) return fmt::format("{:.1f}M/s", per_second / 1e6);
  if (per_second >= 999.5) return fmt::format("{:.1f}k/s", per_second / 1e3);
  return fmt::format("{:.{}f}/s", per_second, per_second < 9.95 ? 1 : 0);
}

// Four digits where they fit; the width stays as the number changes.
std::string number(double v) {
  if (std::isnan(v)) return "NaN";
  if (std::isinf(v)) return v < 0 ? "-inf" : "inf";
  const double size = std::abs(v);
  if (size != 0 && (size < 1e-3 || size >= 1e4)) return fmt::format("{:.2e}", v);
  const int whole = size >= 1000 ? 4 : size >= 100 ? 3 : size >= 10 ? 2 : 1;
  return fmt::format("{:.{}f}", v, 5 - whole);
}

std::string short_number(double v) {
  if (!std::isfinite(v)) return number(v);
  const double size = std::abs(v);
  if (size != 0 && (size < 0.01 || size >= 1000)) return fmt::format("{:.1e}", v);
  return fmt::format("{:.{}f}", v, size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

// A piece of the line. Those of the least rank are left out last.
struct Part {
  int rank;
  std::string label, text;
  int gap = 2;  // columns before it
  int width() const { return columns(label) + columns(text) + (label.empty() || text.empty() ? 0 : 1); }
};

std::string score_text(const Progress& p) {
  return p.percent ? fmt::format("{:.1f} %", 100 * p.score) : number(p.score);
}

// By size, so that the first losses, which are far above all others, do not hide how these go on.
std::vector<double> in_logarithms(std::vector<double> values) {
  if (std::any_of(values.begin(), values.end(), [](double v) { return v <= 0; })) return values;
  for (double& v : values) v = std::log(v);
  return values;
}

// In the order of the line; the bar comes after the first.
std::vector<Part> parts(const Progress& p, const LineStyle& style) {
  std::vector<Part> all;
  const auto digits = static_cast<int>(std::to_string(p.epochs).size());
  if (p.epochs > 0)
    all.push_back({0, "epoch", fmt::format("{:>{}}/{}", p.epoch, digits, p.epochs)});
  else
    all.push_back({0, "epoch", std::to_string(p.epoch)});
  if (p.batches > 0) {
    const auto width = static_cast<int>(std::to_string(p.batches).size());
    const double share = std::min(1.0, static_cast<double>(p.batch) / static_cast<double>(p.batches));
    all.push_back({2, "", fmt::format("{:3.0f} %", std::floor(100 * share))});
    all.push_back({8, "step", fmt::format("{:>{}}/{}", p.batch, width, p.batches)});
  } else {
    all.push_back({4, "step", std::to_string(p.batch)});
  }
  all.push_back({1, "loss", number(p.loss)});
  if (style.unicode && p.losses.size() > 1) all.push_back({7, "", sparkline(in_logarithms(p.losses)), 1});
  if (!std::isnan(p.score)) all.push_back({3, p.metric, score_text(p)});
  if (!std::isnan(p.grad_norm)) all.push_back({9, "|g|", short_number(p.grad_norm)});
  if (!std::isnan(p.update_ratio)) all.push_back({10, "upd/w", fmt::format("{:.1e}", p.update_ratio)});
  if (!std::isnan(p.lr)) all.push_back({11, "lr", fmt::format("{:.1e}", p.lr)});
  if (!std::isnan(p.items_per_second)) all.push_back({6, "", speed(p.items_per_second)});
  if (!std::isnan(p.seconds_left)) all.push_back({5, "ETA", clock(p.seconds_left)});
  return all;
}

constexpr int least_bar = 8;
constexpr int most_bar = 30;

int width_of(const std::vector<Part>& all) {
  int sum = 0;
  for (const Part& part : all) sum += part.width() + (sum > 0 ? part.gap : 0);
  return sum;
}

void leave_out(std::vector<Part>& all, int width) {
  while (all.size() > 1 && width_of(all) > width) {
    all.erase(std::max_element(all.begin(), all.end(), [](const Part& a, const Part& b) { return a.rank < b.rank; }));
  }
}

std::string bar(double share, int width, const LineStyle& style) {
  if (!style.unicode) {
    const int full = static_cast<int>(share * (width - 2));
    return '[' + repeat("=", full) + repeat(" ", width - 2 - full) + ']';
  }
  const int halves = static_cast<int>(share * 2 * width);
  const int full = halves / 2;
  const int half = halves % 2;
  const std::string done = repeat("━", full) + repeat("╸", half);
  if (!style.colour) return done + repeat(" ", width - full - half);
  return cyan + done + dim + repeat("━", width - full - half) + plain;
}

}  // namespace

std::string sparkline(const std::vector<double>& values, int width) {
  constexpr std::string_view steps[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::vector<double> finite;
  for (const double v : values) {
    if (std::isfinite(v)) finite.push_back(v);
  }
  if (finite.empty() || width < 1) return "";
  const auto count = std::min<std::size_t>(finite.size(), static_cast<std::size_t>(width));
  std::vector<double> means;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t begin = i * finite.size() / count;
    const std::size_t end = (i + 1) * finite.size() / count;
    double sum = 0;
    for (std::size_t k = begin; k < end; ++k) sum += finite[k];
    means.push_back(sum / static_cast<double>(end - begin));
  }
  const auto [low, high] = std::minmax_element(means.begin(), means.end());
  std::string text;
  for (const double v : means) {
    const double height = *high > *low ? (v - *low) / (*high - *low) : 0;
    text += steps[static_cast<std::size_t>(std::lround(7 * height))];
  }
  return text;
}

std::string format_line(const Progress& p, const LineStyle& style) {
  std::vector<Part> all = parts(p, style);
  leave_out(all, style.width);
  if (width_of(all) > style.width) return all[0].text.substr(0, static_cast<std::size_t>(std::max(style.width, 0)));
  int room = style.width - width_of(all) - 2;
  // A bar is worth more than the parts of the highest ranks.
  if (p.batches > 0 && style.width >= 60) {
    while (room < least_bar && all.size() > 4) {
      all.erase(std::max_element(all.begin(), all.end(), [](const Part& a, const Part& b) { return a.rank < b.rank; }));
      room = style.width - width_of(all) - 2;
    }
  }
  std::string line;
  for (const Part& part : all) {
    if (!line.empty()) line += std::string(static_cast<std::size_t>(part.gap), ' ');
    const bool faint = style.colour && !part.label.empty() && part.rank >= 5;
    if (faint) line += dim;
    line += part.label;
    if (faint) line += plain;
    if (!part.label.empty() && !part.text.empty()) line += ' ';
    const bool loud = style.colour && part.rank == 1;
    if (loud) line += bold;
    line += part.text;
    if (loud) line += plain;
    if (part.rank == 0 && p.batches > 0 && room >= least_bar) {
      const double share = std::min(1.0, static_cast<double>(p.batch) / static_cast<double>(p.batches));
      line += "  " + bar(share, std::min(room, most_bar), style);
    }
  }
  return line;
}

LiveLine::LiveLine(std::FILE* to)
    : LiveLine(to, [to](std::string_view text) {
        std::fwrite(text.data(), 1, text.size(), to);
        std::fflush(to);
      }) {}

LiveLine::LiveLine(std::FILE* to, std::function<void(std::string_view)> write) : to_(to), write_(std::move(write)) {
  const Terminal t = terminal(to);
  live_ = t.live;
  colour_ = t.colour;
  unicode_ = t.unicode;
}

LiveLine::~LiveLine() { clear(); }

int LiveLine::width() const { return terminal_width(to_); }

bool LiveLine::is_due() const {
  return live_ && std::chrono::duration<double>(std::chrono::steady_clock::now() - last_).count() >= period;
}

void LiveLine::show(const Progress& progress) {
  if (!live_) return;
  last_ = std::chrono::steady_clock::now();
  const LineStyle style{.width = width() - 3, .colour = false, .unicode = unicode_};  // the terminal writes ^C after it
  const int now = columns(format_line(progress, style));
  LineStyle coloured = style;
  coloured.colour = colour_;
  write_(erase() + format_line(progress, coloured));
  shown_ = now;
}

void LiveLine::print(std::string_view line) {
  clear();
  write_(std::string(line) + '\n');
}

// A line that was wider than the window is now lies on several rows.
std::string LiveLine::erase() const {
  if (shown_ == 0) return "\r";
  const int rows = (shown_ - 1) / std::max(width(), 1);
  return rows > 0 ? fmt::format("\x1b[{}A\r\x1b[J", rows) : "\r\x1b[K";
}

void LiveLine::clear() {
  if (shown_ == 0) return;
  write_(erase());
  shown_ = 0;
}

}  // namespace gradus::train

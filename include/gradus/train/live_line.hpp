// One line that shows how training goes, as wide as the terminal.
//
//   epoch  3/20 ━━━━━╸━━  62 %  step 28/45  loss 0.2314 ▇▅▃▂▂▁  accuracy 93.1 %  |g| 0.84  lr 3e-03  412/s  ETA 0:07
//
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::train {

/// How a run stands. What is not known is 0, or NaN, and is not shown.
struct Progress {
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();  ///< not measured

  std::int64_t epoch = 0;             ///< from 1
  std::int64_t epochs = 0;            ///< in the whole run
  std::int64_t batch = 0;             ///< done in this epoch
  std::int64_t batches = 0;           ///< in an epoch
  double loss = unknown;              ///< the mean of this epoch so far
  std::vector<double> losses = {};    ///< of the run so far, for the sparkline
  std::string metric = "accuracy";    ///< what `score` is
  double score = unknown;             ///< the mean of this epoch so far
  bool percent = true;                ///< show the score as 93.1 %, not as 0.931
  double grad_norm = unknown;         ///< of all parameters together
  double update_ratio = unknown;      ///< norm of the last update / norm of the weights; about 1e-3 is usual
  double lr = unknown;                ///< the rate
  double items_per_second = unknown;  ///< examples in a second
  double seconds_left = unknown;      ///< until the end of the run
};

/// What the place of the line can show.
struct LineStyle {
  int width = 80;       ///< columns: the line is never wider
  bool colour = false;  ///< with ANSI codes
  bool unicode = true;  ///< a fine bar and the sparkline; otherwise ASCII
};

/// The line, without its end. Where it is too narrow for all, what matters least is left out.
std::string format_line(const Progress& progress, const LineStyle& style = {});

/// One character for each value, ▁ for the smallest and █ for the largest. At most `width` values: neighbours are
/// averaged. What is not finite is left out.
std::string sparkline(const std::vector<double>& values, int width = 8);

/// A line that is rewritten, on a terminal. It writes only where it is told to: LiveLine live(stdout). Where that is no
/// terminal, or TERM is empty or "dumb", nothing is shown but what print() is given. NO_COLOR is respected, and the
/// width is asked for each time, since windows change.
class LiveLine {
 public:
  /// How often it is written, in seconds.
  static constexpr double period = 0.1;

  explicit LiveLine(std::FILE* to);  ///< a file that outlives it
  /// The same through a function that writes text; `to` is asked what it can show.
  LiveLine(std::FILE* to, std::function<void(std::string_view)> write);
  ~LiveLine();  ///< leaves no half-written line behind
  LiveLine(const LiveLine&) = delete;
  LiveLine& operator=(const LiveLine&) = delete;

  bool is_live() const { return live_; }       ///< is it a terminal?
  bool has_colour() const { return colour_; }  ///< may it be coloured?
  bool is_due() const;                         ///< is it live, and the last line older than the period?
  void show(const Progress& progress);         ///< at once
  void print(std::string_view line);           ///< a line that stays, above
  void clear();                                ///< takes the line away

 private:
  int width() const;
  std::string erase() const;  // what takes the line away

  std::FILE* to_;
  std::function<void(std::string_view)> write_;
  bool live_ = false, colour_ = false, unicode_ = false;
  int shown_ = 0;  // columns of the line that stands there
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace gradus::train

// What training shows while it runs: on a terminal one line that is rewritten, and everywhere a line for every epoch
// done.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "cli/terminal.hpp"
#include "train/log.hpp"

namespace gradus::tool {

class Progress {
 public:
  // items: examples in an epoch
  Progress(std::int64_t epochs, std::int64_t items, const Objective& objective, bool quiet);
  ~Progress();  // leaves no half-written line behind

  void begin(std::int64_t epoch);  // from 1
  // After a batch: how many examples of the epoch are done, their mean loss and their score. Shown ten times a second
  // at most.
  void update(std::int64_t done, double loss, double score);
  void finish(const EpochResult& result);

 private:
  using Clock = std::chrono::steady_clock;
  void show(std::int64_t done, double loss, double score);
  void clear();
  std::string bar(double share, int width) const;

  const std::int64_t epochs_, items_;
  const Objective& objective_;
  const bool quiet_;
  const Terminal terminal_ = standard_output();
  std::int64_t epoch_ = 0;
  Clock::time_point begun_, shown_;
  bool dirty_ = false;  // a live line stands on the screen
};

// 3.21 s below a minute, 12:34 or 1:02:03 above.
std::string duration(double seconds);

}  // namespace gradus::tool

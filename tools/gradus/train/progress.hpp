// What training shows while it runs: on a terminal one line that is rewritten, and everywhere a line for every epoch
// done.
#pragma once

#include <gradus/train/live_line.hpp>

#include <cstdint>
#include <string>

#include "train/objective.hpp"

namespace gradus::tool {

// How one epoch went.
struct EpochResult {
  std::int64_t epoch, step;  // the epoch's number from 1, and the optimizer's steps so far
  double loss;               // the mean over the epoch
  double train_score;        // while learning, so of weights still changing
  double test_score;         // of the weights at the end
  double seconds;            // this epoch's
  double lr;
};

class Progress {
 public:
  Progress(std::int64_t epochs, const Objective& objective, bool quiet);

  bool is_due() const { return !quiet_ && live_.is_due(); }  // ten times a second at most
  // How the run stands, and the score of the epoch so far.
  void show(gradus::train::Progress progress, double score);
  void finish(const EpochResult& result);

 private:
  const std::int64_t epochs_;
  const Objective& objective_;
  const bool quiet_;
  gradus::train::LiveLine live_;
};

// 3.21 s below a minute, 12:34 or 1:02:03 above.
std::string duration(double seconds);

}  // namespace gradus::tool

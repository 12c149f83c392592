// Going on in a file of lines that an earlier part of the same run has written.
#pragma once

#include <cstdint>
#include <string>

namespace gradus::train {

// What a run log has of a training that goes on.
struct KeptLog {
  bool there = false;       // false: there is nothing to go on with, and nothing was changed
  std::int64_t steps = 0;   // of the epoch under way
  std::int64_t batch = 0;   // items of each, or 0
  double loss = 0;          // sums over these steps
  double accuracy = 0;      // likewise, of those that have one
  std::int64_t judged = 0;  // how many those are
};

// Cuts the file before the first line that is not whole, cannot be read, is the end of the run, or tells of a step
// after `step` or an epoch after `epoch`.
KeptLog keep_run_log(const std::string& path, std::int64_t step, std::int64_t epoch);
// The same of a table, .csv of the monitor. False: there is nothing to go on with.
bool keep_table(const std::string& path, const std::string& header, std::int64_t step, std::int64_t epoch);

}  // namespace gradus::train

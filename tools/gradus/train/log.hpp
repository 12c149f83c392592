// The CSV file that --log asks for: a line per epoch, on the disk as soon as it is written.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
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

class RunLog {
 public:
  // The path "" writes nothing. Of a file that is there, the lines of `kept` epochs stay: those that a resumed training
  // has behind it. Throws Stop if the file cannot be written.
  RunLog(const std::string& path, const Objective& objective, std::int64_t kept);
  void add(const EpochResult& result);  // a full disk ends the log, with a warning, not the training
  const std::string& columns() const { return columns_; }

 private:
  bool write(const std::string& line);
  bool keep(std::int64_t epochs) const;  // false: there is nothing to go on with

  std::string path_, columns_;
  const Objective& objective_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{nullptr, std::fclose};
};

}  // namespace gradus::tool

// The runs of a report: their logs, their names, and what differs between them.
#pragma once

#include <gradus/train/read_run.hpp>

#include <map>
#include <string>
#include <vector>

namespace gradus::tool {

namespace run_log = train::run_log;

struct Run {
  std::string name;  // of the file, as far as it tells the runs apart
  run_log::File log;
};

// Throws Stop, with exit code 3, for a file that is no run log.
run_log::File open_run(const std::string& path);
std::vector<Run> open_runs(const std::vector<std::string>& paths);

// A setting that has different values: one for each run, "" where a run has none.
struct RunDifference {
  std::string name;
  std::vector<std::string> values;
};
std::vector<RunDifference> differences(const std::vector<Run>& runs);

// One diagnosis for each code and layer, with how often it came.
struct Finding {
  const run_log::Diagnosis* first;
  std::int64_t times, last_step;
};
std::vector<Finding> findings(const Run& run);

// How a run went: what --json prints, and the page shows.
struct RunOutcome {
  std::int64_t steps = 0, epochs = 0;
  double seconds = 0, first_loss = 0, last_loss = 0;  // NaN: not known
  std::map<std::string, double> last;                 // of the metrics, by name
  std::string state;                                  // "finished", "ended by an error", "stopped or going on"
};
RunOutcome outcome(const run_log::File& log);

// "val_loss", "val_accuracy" and others that any run has, in the order in which they come.
std::vector<std::string> metric_names(const std::vector<Run>& runs);

}  // namespace gradus::tool

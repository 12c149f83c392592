// Processes that run side by side: their output line by line with a prefix, their ends, signals to all of them.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "launch/job.hpp"

namespace gradus::tool {

class Processes {
 public:
  explicit Processes(const std::vector<RankCommand>& commands);
  ~Processes();  // whatever still runs is killed
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;

  struct End {
    int rank;
    int code;    // of its exit; 128 and the number after a signal
    int signal;  // that ended it, or 0
  };
  // Passes output on for at most so many milliseconds. Returns early when a process has ended, and which; or when this
  // process has got a signal: see signal().
  std::optional<End> wait(int milliseconds);
  int signal();           // that this process has got since the last call, or 0
  void send(int signal);  // to all that still run
  int running() const;

 private:
  struct Stream {
    int from = -1, to = 1;
    std::string line;  // that is not complete
  };
  struct Process {
    pid_t pid = -1;  // -1: has ended
    int input = -1;  // of an ssh
    Stream out, err;
  };
  void start(Process& p, const RankCommand& command);
  void pass_on(std::size_t rank, Stream& s);
  void finish(std::size_t rank);
  std::vector<Process> all_;
};

}  // namespace gradus::tool

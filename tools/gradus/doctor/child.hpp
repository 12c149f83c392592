// Running a program as if it had been started by hand.
#pragma once

#include <string>
#include <vector>

namespace gradus::tool {

// How it ended: its exit code; 128 and its number after a signal, as shells say it.
struct Ended {
  int code = 0;
  int signal = 0;  // 0: none
};

// Runs the words with these variables added to the environment. Signals that are sent to this process are handed on.
// Throws Stop if there is no such program: 127, or 126 if it is not to be run.
Ended run_child(const std::vector<std::string>& words, const std::string& variable, const std::string& value);

}  // namespace gradus::tool

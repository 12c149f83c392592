// Real processes over the loopback: each rank runs tests/dist/worker, within a bounded time.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace ranks {

using Variables = std::map<std::string, std::string>;

struct Start {
  int count = 2;
  std::vector<std::string> words;      // of the worker: the case and its arguments
  Variables all = {};                  // variables of each rank; they win
  std::map<int, Variables> some = {};  // of single ranks; they win over these
  std::map<int, std::vector<std::string>> other_words = {};
  double seconds = 60;  // what still runs then is killed, and is a failure
  std::string secret = "of the test";
  std::function<int(int port)> through = {};  // the port that ranks get in the place of the meeting's
};

struct Result {
  int code = -1;      // of its exit; 128 + the number of a signal
  bool late = false;  // was killed because its time was over
  std::string out;    // what it printed
  std::string err;
  double seconds = 0;  // until its end
  double ended = 0;    // seconds of std::chrono::steady_clock
};

// With a meeting that the test holds, as gradus launch does. One result for each rank.
std::vector<Result> run(const Start& start);
// The same, where rank 0 holds the meeting at a port that was free a moment ago.
std::vector<Result> run_alone(const Start& start);

int free_port();
std::string worker();  // the program

}  // namespace ranks

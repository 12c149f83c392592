// The ranks of a run: where each is started, and with which words and variables.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gradus::tool {

struct LaunchOptions {
  std::int64_t ranks = 0;  // 0: one for each host
  std::string hosts;       // "a,b"; empty: this machine
  std::int64_t max_restarts = 0;
  double timeout = 300;                 // seconds that a call between ranks waits
  std::vector<std::string> words = {};  // the program and its arguments
};

using Variables = std::vector<std::pair<std::string, std::string>>;

// One process to start here: a rank, or the ssh to it.
struct RankCommand {
  std::vector<std::string> words;
  Variables variables;  // for a rank on this machine
  std::string input;    // what it reads first, if it is an ssh: its standard input stays open until the end
  bool remote = false;
};

// The hosts in order, one for each rank. Throws Stop for numbers that do not fit.
std::vector<std::string> hosts_of_ranks(const LaunchOptions& o);
bool is_here(const std::string& host);
// The address at which the ranks find this process.
std::string address_for(const std::vector<std::string>& hosts);

RankCommand command_of(const LaunchOptions& o, const std::vector<std::string>& hosts, int rank, const Variables& common,
                       const std::string& secret);

}  // namespace gradus::tool

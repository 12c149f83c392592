// One life of the ranks after another.
#include "launch/run.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstring>

#include "dist/greeting.hpp"
#include "dist/meeting.hpp"
#include "launch/processes.hpp"

namespace gradus::tool {
namespace {

using Clock = std::chrono::steady_clock;
// After the first failure the others have so long to say what they have seen, then to end when they are told to.
constexpr auto to_notice = std::chrono::milliseconds(1500);
constexpr auto to_end = std::chrono::seconds(5);

struct Life {
  int failed_rank = -1;
  int code = 0, signal = 0;  // of that rank
  int told = 0;              // a signal that this program got and handed on
};

Life live(const LaunchOptions& o, const std::vector<std::string>& hosts, std::int64_t restart) {
  const std::string secret = dist::new_secret();
  const dist::Meeting meeting(address_for(hosts), 0, secret);
  const Variables common{
      {"WORLD_SIZE", std::to_string(hosts.size())},     {"MASTER_ADDR", address_for(hosts)},
      {"MASTER_PORT", std::to_string(meeting.port())},  {"GRADUS_MEETING", "launcher"},
      {"GRADUS_TIMEOUT", fmt::format("{}", o.timeout)}, {"TORCHELASTIC_RESTART_COUNT", std::to_string(restart)}};
  std::vector<RankCommand> commands;
  for (int r = 0; r < static_cast<int>(hosts.size()); ++r) commands.push_back(command_of(o, hosts, r, common, secret));
  Processes ranks(commands);
  Life life;
  Clock::time_point failed_at = Clock::time_point::max();
  int stage = 0;  // 1: told to end, 2: killed
  while (ranks.running() > 0) {
    const auto end = ranks.wait(life.failed_rank < 0 ? 1000 : 50);
    if (end && end->code != 0 && life.failed_rank < 0) {
      life.failed_rank = end->rank;
      life.code = end->code;
      life.signal = end->signal;
      failed_at = Clock::now();
    }
    if (const int signal = ranks.signal()) {
      life.told = signal;
      ranks.send(signal);
    }
    if (life.failed_rank < 0) continue;
    const auto passed = Clock::now() - failed_at;
    if (stage == 0 && passed > to_notice) {
      stage = 1;
      ranks.send(SIGTERM);
    }
    if (stage == 1 && passed > to_notice + to_end) {
      stage = 2;
      ranks.send(SIGKILL);
    }
  }
  return life;
}

std::string ending(const Life& life) {
  return life.signal != 0 ? fmt::format("was ended by signal {} ({})", life.signal, ::strsignal(life.signal))
                          : fmt::format("ended with exit code {}", life.code);
}

}  // namespace

Exit launch(const LaunchOptions& o) try {
  const std::vector<std::string> hosts = hosts_of_ranks(o);
  for (std::int64_t restart = 0;; ++restart) {
    const Life life = live(o, hosts, restart);
    if (life.failed_rank < 0) return success;
    const std::string what = fmt::format("rank {} {}", life.failed_rank, ending(life));
    const bool asked = life.told == SIGINT || life.told == SIGTERM || life.told == SIGHUP;
    if (asked || restart >= o.max_restarts) {
      fmt::print(stderr, "launch: {}\n", what);
      return static_cast<Exit>(life.code);
    }
    fmt::print(stderr, "launch: {}; restart {} of {}\n", what, restart + 1, o.max_restarts);
  }
} catch (const dist::Trouble& t) {
  throw Stop(failed, fmt::format("launch: {}: {}", t.complaint.wrong, t.complaint.got));
}

}  // namespace gradus::tool

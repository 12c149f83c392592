// Commands for the ranks: here as they are, elsewhere by ssh.
#include "launch/job.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <thread>

#include "cli/command.hpp"
#include "dist/socket.hpp"

namespace gradus::tool {
namespace {

// For a shell: 'it'\''s'.
std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

// For a POSIX shell on the other machine, whatever the user's own shell is. What comes by the standard input: first the
// secret, since command lines can be read by all users of a machine; then signals by number, a line each. When the
// input ends, because this process or the connection has ended, the rank and all that it has started (the group, which
// sshd has made) are told to end, and killed after five seconds. The shell outlives its signals and hands on the rank's
// exit code.
std::string remote_line(const LaunchOptions& o, const Variables& variables) {
  std::string rank = "env";
  for (const auto& [key, value] : variables) rank += " " + key + "=" + quoted(value);
  for (const std::string& word : o.words) rank += " " + quoted(word);
  const std::string script = "read -r GRADUS_SECRET; export GRADUS_SECRET; exec 3<&0; cd " +
                             quoted(std::filesystem::current_path().string()) +
                             " || exit; trap : 1 2 10 12 15; "
                             "{ trap '' 1 2 10 12 15; while read -r signal; do kill -s $signal 0; done <&3; "
                             "kill -s 15 0; sleep 5; kill -s 9 0; } >/dev/null 2>&1 & " +
                             rank + " </dev/null 3<&-; exit $?";
  return "exec sh -c " + quoted(script);
}

}  // namespace

bool is_here(const std::string& host) { return host.empty() || host == "localhost" || host == "127.0.0.1"; }

std::vector<std::string> hosts_of_ranks(const LaunchOptions& o) {
  std::vector<std::string> hosts;
  std::istringstream in(o.hosts);
  for (std::string host; std::getline(in, host, ',');) {
    if (host.empty() || host.starts_with("-"))
      throw Stop(usage, fmt::format("launch --hosts {}: names with commas between them, as in a,b", o.hosts));
    hosts.push_back(host);
  }
  if (hosts.empty()) hosts.emplace_back();
  const auto count = static_cast<std::int64_t>(hosts.size());
  const std::int64_t ranks = o.ranks > 0 ? o.ranks : count;
  if (ranks % count != 0)
    throw Stop(usage, fmt::format("launch -n {}: {} hosts need the same number of ranks each; try -n {}", ranks, count,
                                  (ranks / count + 1) * count));
  if (ranks > 64) throw Stop(usage, fmt::format("launch -n {}: at most 64 ranks", ranks));
  std::vector<std::string> of_ranks;
  for (std::int64_t r = 0; r < ranks; ++r) of_ranks.push_back(hosts[static_cast<std::size_t>(r / (ranks / count))]);
  return of_ranks;
}

std::string address_for(const std::vector<std::string>& hosts) {
  const auto far = std::find_if_not(hosts.begin(), hosts.end(), is_here);
  if (far == hosts.end()) return "127.0.0.1";
  const std::string name = far->substr(far->find('@') == std::string::npos ? 0 : far->find('@') + 1);
  return dist::address_towards(dist::resolve(name));
}

RankCommand command_of(const LaunchOptions& o, const std::vector<std::string>& hosts, int rank, const Variables& common,
                       const std::string& secret) {
  const std::string& host = hosts[static_cast<std::size_t>(rank)];
  const auto here = static_cast<int>(std::count(hosts.begin(), hosts.end(), host));
  const auto first = static_cast<int>(std::find(hosts.begin(), hosts.end(), host) - hosts.begin());
  RankCommand c;
  Variables variables = common;
  variables.emplace_back("RANK", std::to_string(rank));
  variables.emplace_back("LOCAL_RANK", std::to_string(rank - first));
  if (std::getenv("GRADUS_NUM_THREADS") == nullptr && is_here(host)) {  // ranks on one machine share its cores
    const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    variables.emplace_back("GRADUS_NUM_THREADS", std::to_string(std::max(1, cores / here)));
  }
  if (is_here(host)) {
    variables.emplace_back("GRADUS_SECRET", secret);
    c.words = o.words;
    c.variables = std::move(variables);
    return c;
  }
  const char* ssh = std::getenv("GRADUS_SSH");  // another program that is called as ssh is
  c.words = ssh != nullptr ? std::vector<std::string>{ssh} : std::vector<std::string>{"ssh", "-o", "BatchMode=yes"};
  c.words.push_back(host);
  c.words.push_back(remote_line(o, variables));
  c.input = secret + "\n";
  c.remote = true;
  return c;
}

}  // namespace gradus::tool

// Starts ranks and gathers what they say.
#include "dist/ranks.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "dist/meeting.hpp"
#include "support.hpp"

namespace ranks {
namespace {

std::string read_file(const std::string& name) {
  std::ifstream f(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(f), std::istreambuf_iterator<char>()};
}

struct Child {
  pid_t pid = -1;
  std::string out, err;
};

Child start_one(const std::vector<std::string>& words, const Variables& variables, const std::string& place) {
  Child c{.out = place + ".out", .err = place + ".err"};
  std::vector<std::string> texts;
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string text = *e;
    if (!variables.contains(text.substr(0, text.find('=')))) texts.push_back(text);
  }
  for (const auto& [key, value] : variables)
    if (value != "unset") texts.push_back(key + "=" + value);
  std::vector<char*> env;
  for (std::string& text : texts) env.push_back(text.data());
  env.push_back(nullptr);
  std::vector<std::string> copy{worker()};
  copy.insert(copy.end(), words.begin(), words.end());
  std::vector<char*> argv;
  for (std::string& word : copy) argv.push_back(word.data());
  argv.push_back(nullptr);
  c.pid = ::fork();
  if (c.pid == 0) {
    const int out = ::open(c.out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int err = ::open(c.err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(out, 1);
    ::dup2(err, 2);
    ::execve(argv[0], argv.data(), env.data());
    ::_exit(127);
  }
  return c;
}

std::vector<Result> gather(const Start& start, Variables common) {
  const support::TempDir dir;
  common["OMP_NUM_THREADS"] = "1";
  common["GRADUS_NUM_THREADS"] = "1";
  common["WORLD_SIZE"] = std::to_string(start.count);
  common["GRADUS_TIMEOUT"] = "30";
  for (const auto& [key, value] : start.all) common[key] = value;
  std::vector<Child> children;
  const auto begin = std::chrono::steady_clock::now();
  const double began = std::chrono::duration<double>(begin.time_since_epoch()).count();
  for (int r = 0; r < start.count; ++r) {
    Variables mine = common;
    mine["RANK"] = mine["LOCAL_RANK"] = std::to_string(r);
    if (const auto some = start.some.find(r); some != start.some.end())
      for (const auto& [key, value] : some->second) mine[key] = value;
    const auto other = start.other_words.find(r);
    children.push_back(
        start_one(other == start.other_words.end() ? start.words : other->second, mine, dir / std::to_string(r)));
  }
  std::vector<Result> results(children.size());
  std::size_t left = children.size();
  while (left > 0) {
    const double now = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    for (std::size_t i = 0; i < children.size(); ++i) {
      if (children[i].pid < 0) continue;
      if (now > start.seconds && !results[i].late) {
        results[i].late = true;
        ::kill(children[i].pid, SIGKILL);
      }
      int status = 0;
      if (::waitpid(children[i].pid, &status, WNOHANG) != children[i].pid) continue;
      results[i].code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      results[i].seconds = now;
      results[i].ended = began + now;
      children[i].pid = -1;
      --left;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  for (std::size_t i = 0; i < children.size(); ++i) {
    results[i].out = read_file(children[i].out);
    results[i].err = read_file(children[i].err);
  }
  return results;
}

}  // namespace

std::string worker() { return GRADUS_DIST_WORKER; }

int free_port() { return gradus::dist::port_of(gradus::dist::listen_at("127.0.0.1", 0)); }

std::vector<Result> run(const Start& start) {
  const gradus::dist::Meeting meeting("127.0.0.1", 0, start.secret);
  const int port = start.through ? start.through(meeting.port()) : meeting.port();
  return gather(start, {{"MASTER_ADDR", "127.0.0.1"},
                        {"MASTER_PORT", std::to_string(port)},
                        {"GRADUS_MEETING", "launcher"},
                        {"GRADUS_SECRET", start.secret}});
}

std::vector<Result> run_alone(const Start& start) {
  return gather(start, {{"MASTER_ADDR", "127.0.0.1"},
                        {"MASTER_PORT", std::to_string(free_port())},
                        {"GRADUS_MEETING", "unset"},
                        {"GRADUS_SECRET", start.secret}});
}

}  // namespace ranks

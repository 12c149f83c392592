// A child with the terminal, the standard streams and the signals of this process.
#include "doctor/child.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "cli/command.hpp"

namespace gradus::tool {
namespace {

constexpr std::array handed_on{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
std::atomic<pid_t> child = 0;

// What a terminal sends goes to the child by itself; only what another process has sent is handed on.
void hand_on(int signal, siginfo_t* info, void*) {
  const int error = errno;
  const pid_t to = child.load();
  if (to > 0 && info->si_code <= 0) ::kill(to, signal);
  errno = error;
}

// Handlers while the child runs.
class Signals {
 public:
  Signals() {
    struct sigaction action {};
    action.sa_sigaction = hand_on;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (std::size_t i = 0; i < handed_on.size(); ++i) {
      ::sigaction(handed_on[i], nullptr, &before_[i]);
      if (before_[i].sa_handler != SIG_IGN) ::sigaction(handed_on[i], &action, nullptr);  // nohup stays
    }
  }
  ~Signals() { restore(); }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  void restore() const {
    for (std::size_t i = 0; i < handed_on.size(); ++i) ::sigaction(handed_on[i], &before_[i], nullptr);
  }

 private:
  std::array<struct sigaction, handed_on.size()> before_{};
};

[[noreturn]] void become(const std::vector<std::string>& words, int report) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  if (errno == ENOENT && words[0] == "gradus") ::execv("/proc/self/exe", argv.data());
  const int error = errno;
  const ssize_t written = ::write(report, &error, sizeof error);
  ::_exit(written == sizeof error ? 127 : 126);
}

}  // namespace

Ended run_child(const std::vector<std::string>& words, const std::string& variable, const std::string& value) {
  std::array<int, 2> report{};
  if (::pipe2(report.data(), O_CLOEXEC) != 0) throw Stop(failed, fmt::format("pipe: {}", std::strerror(errno)));
  const Signals signals;
  ::setenv(variable.c_str(), value.c_str(), 1);
  const pid_t pid = ::fork();
  if (pid == 0) {
    signals.restore();
    become(words, report[1]);
  }
  const int fork_error = errno;
  ::unsetenv(variable.c_str());
  ::close(report[1]);
  if (pid < 0) {
    ::close(report[0]);
    throw Stop(failed, fmt::format("no process can be made: {}", std::strerror(fork_error)));
  }
  child.store(pid);
  int error = 0;
  ssize_t got = 0;
  do { got = ::read(report[0], &error, sizeof error); } while (got < 0 && errno == EINTR);
  ::close(report[0]);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
  child.store(0);
  if (got == sizeof error)
    throw Stop(static_cast<Exit>(error == ENOENT ? 127 : 126), fmt::format("{}: {}", words[0], std::strerror(error)));
  if (WIFSIGNALED(status)) return {.code = 128 + WTERMSIG(status), .signal = WTERMSIG(status)};
  return {.code = WEXITSTATUS(status)};
}

}  // namespace gradus::tool

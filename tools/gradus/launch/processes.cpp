// Processes side by side, by poll.
#include "launch/processes.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "cli/command.hpp"

namespace gradus::tool {
namespace {

constexpr std::array handed_on{SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
int wake[2] = {-1, -1};  // signals are written there, as bytes
std::array<struct sigaction, handed_on.size() + 1> before;

void note(int signal) {
  const int error = errno;
  const char byte = static_cast<char>(signal);
  const ssize_t ignored = ::write(wake[1], &byte, 1);
  (void)ignored;
  errno = error;
}

void write_all(int to, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t n = ::write(to, text.data() + at, text.size() - at);
    if (n < 0 && errno != EINTR) return;
    if (n > 0) at += static_cast<std::size_t>(n);
  }
}

[[noreturn]] void become(const RankCommand& c, int out, int err, int in, int report) {
  ::setpgid(0, 0);  // what a terminal sends comes once, from this program
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  for (std::size_t i = 0; i < handed_on.size(); ++i) ::sigaction(handed_on[i], &before[i], nullptr);
  ::sigaction(SIGCHLD, &before.back(), nullptr);
  ::dup2(in >= 0 ? in : ::open("/dev/null", O_RDONLY), 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  for (const auto& [key, value] : c.variables) ::setenv(key.c_str(), value.c_str(), 1);
  std::vector<char*> argv;
  for (const std::string& word : c.words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  if (errno == ENOENT && c.words[0] == "gradus") ::execv("/proc/self/exe", argv.data());
  const int error = errno;
  const ssize_t ignored = ::write(report, &error, sizeof error);
  (void)ignored;
  ::_exit(error == ENOENT ? 127 : 126);
}

void new_pipe(int (&ends)[2]) {
  if (::pipe2(ends, O_CLOEXEC) != 0) throw Stop(failed, fmt::format("pipe: {}", std::strerror(errno)));
}

}  // namespace

Processes::Processes(const std::vector<RankCommand>& commands) : all_(commands.size()) {
  new_pipe(wake);
  for (const int end : wake) ::fcntl(end, F_SETFL, O_NONBLOCK);
  struct sigaction action {};
  action.sa_handler = note;
  action.sa_flags = SA_RESTART;
  for (std::size_t i = 0; i < handed_on.size(); ++i) {
    ::sigaction(handed_on[i], nullptr, &before[i]);
    if (before[i].sa_handler != SIG_IGN) ::sigaction(handed_on[i], &action, nullptr);
  }
  ::sigaction(SIGCHLD, &action, &before.back());
  try {
    for (std::size_t r = 0; r < commands.size(); ++r) start(all_[r], commands[r]);
  } catch (...) {
    send(SIGKILL);
    throw;
  }
}

Processes::~Processes() {
  send(SIGKILL);
  for (std::size_t r = 0; r < all_.size(); ++r) {
    if (all_[r].pid > 0) ::waitpid(all_[r].pid, nullptr, 0);
    finish(r);
  }
  for (std::size_t i = 0; i < handed_on.size(); ++i) ::sigaction(handed_on[i], &before[i], nullptr);
  ::sigaction(SIGCHLD, &before.back(), nullptr);
  for (int& end : wake) {
    ::close(end);
    end = -1;
  }
}

void Processes::start(Process& p, const RankCommand& command) {
  int out[2], err[2], report[2], in[2] = {-1, -1};
  new_pipe(out);
  new_pipe(err);
  new_pipe(report);
  if (command.remote) new_pipe(in);
  p.pid = ::fork();
  if (p.pid == 0) become(command, out[1], err[1], in[0], report[1]);
  const int fork_error = errno;
  for (const int end : {out[1], err[1], report[1], in[0]})
    if (end >= 0) ::close(end);
  p.out = {.from = out[0], .to = 1, .line = {}};
  p.err = {.from = err[0], .to = 2, .line = {}};
  if (p.pid < 0) {
    ::close(report[0]);
    throw Stop(failed, fmt::format("no process can be made: {}", std::strerror(fork_error)));
  }
  ::setpgid(p.pid, p.pid);
  int error = 0;
  ssize_t got = 0;
  do { got = ::read(report[0], &error, sizeof error); } while (got < 0 && errno == EINTR);
  ::close(report[0]);
  if (got == sizeof error)
    throw Stop(static_cast<Exit>(error == ENOENT ? 127 : 126),
               fmt::format("{}: {}", command.words[0], std::strerror(error)));
  p.input = in[1];
  if (p.input >= 0) write_all(p.input, command.input);
  for (const int from : {p.out.from, p.err.from}) ::fcntl(from, F_SETFL, O_NONBLOCK);
}

// Whole lines, so that those of several ranks do not mix.
void Processes::pass_on(std::size_t rank, Stream& s) {
  char bytes[65536];
  while (s.from >= 0) {
    const ssize_t n = ::read(s.from, bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
      ::close(s.from);
      s.from = -1;
      if (!s.line.empty()) write_all(s.to, fmt::format("[{}] {}\n", rank, s.line));
      s.line.clear();
      return;
    }
    s.line.append(bytes, static_cast<std::size_t>(n));
    std::string lines;
    std::size_t at = 0;
    for (std::size_t end; (end = s.line.find('\n', at)) != std::string::npos; at = end + 1)
      lines += fmt::format("[{}] {}\n", rank, s.line.substr(at, end - at));
    s.line.erase(0, at);
    write_all(s.to, lines);
  }
}

void Processes::finish(std::size_t rank) {
  Process& p = all_[rank];
  p.pid = -1;
  for (Stream* s : {&p.out, &p.err}) {
    pass_on(rank, *s);
    if (s->from >= 0) ::close(s->from);  // a grandchild still holds it
    if (!s->line.empty()) write_all(s->to, fmt::format("[{}] {}\n", rank, s->line));
    s->from = -1;
    s->line.clear();
  }
  if (p.input >= 0) ::close(p.input);
  p.input = -1;
}

std::optional<Processes::End> Processes::wait(int milliseconds) {
  std::vector<pollfd> ready{{wake[0], POLLIN, 0}};
  for (const Process& p : all_)
    for (const int from : {p.out.from, p.err.from})
      if (from >= 0) ready.push_back({from, POLLIN, 0});
  for (const Process& p : all_) {
    int status = 0;
    if (p.pid < 0 || ::waitpid(p.pid, &status, WNOHANG) != p.pid) continue;
    const auto rank = static_cast<std::size_t>(&p - all_.data());
    finish(rank);
    if (WIFSIGNALED(status)) return End{static_cast<int>(rank), 128 + WTERMSIG(status), WTERMSIG(status)};
    return End{static_cast<int>(rank), WEXITSTATUS(status), 0};
  }
  ::poll(ready.data(), ready.size(), milliseconds);
  for (std::size_t r = 0; r < all_.size(); ++r) {
    pass_on(r, all_[r].out);
    pass_on(r, all_[r].err);
  }
  return std::nullopt;
}

int Processes::signal() {
  char byte = 0;
  while (::read(wake[0], &byte, 1) == 1)
    if (byte != SIGCHLD) return byte;
  return 0;
}

void Processes::send(int signal) {
  for (Process& p : all_) {
    if (p.pid <= 0) continue;
    if (p.input >= 0 && signal != SIGKILL) {
      write_all(p.input, fmt::format("{}\n", signal));  // the far end hands it on
    } else {
      ::kill(-p.pid, signal);
    }
  }
}

int Processes::running() const {
  int n = 0;
  for (const Process& p : all_) n += p.pid > 0;
  return n;
}

}  // namespace gradus::tool

// The process in which a trace is computed again, with limits, and what the parent makes of its report.
#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "check/derive.hpp"
#include "cli/command.hpp"

namespace gradus::tool {

namespace {

using Clock = std::chrono::steady_clock;

void limit(int resource, rlim_t most, rlim_t hard) {
  rlimit now{};
  if (::getrlimit(resource, &now) != 0) return;
  now.rlim_cur = std::min(now.rlim_cur, most);
  now.rlim_max = std::min(now.rlim_max, hard);
  ::setrlimit(resource, &now);
}
void limit(int resource, rlim_t most) { limit(resource, most, most); }

// Bytes of address space that this process has now.
rlim_t address_space() {
  long pages = 0;
  if (std::FILE* f = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(f, "%ld", &pages) != 1) pages = 0;
    std::fclose(f);
  }
  return static_cast<rlim_t>(pages) * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
}

// Numbers in the file, each at least once in memory.
rlim_t numbers_in(const trace::File& file) {
  rlim_t n = 0;
  for (const trace::Event& e : file.events) {
    if (const auto* op = std::get_if<trace::Op>(&e.body)) n += op->value.data.size();
    if (const auto* leaf = std::get_if<trace::Leaf>(&e.body)) n += leaf->value.data.size();
    if (const auto* v = std::get_if<trace::Visit>(&e.body)) n += v->grad.data.size();
  }
  return n;
}

// From here on the child can compute, and write into its pipe, and nothing else.
void give_up_rights(const trace::File& file, int seconds, pid_t parent) {
#ifdef __linux__
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  if (::getppid() != parent) ::_exit(1);                                     // the parent has died before that call
  if (const rlim_t now = address_space(); now > 0 && now < rlim_t{1} << 40)  // a sanitizer's is larger
    limit(RLIMIT_AS, now + (rlim_t{2} << 30) + 64 * numbers_in(file));
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, static_cast<rlim_t>(seconds), static_cast<rlim_t>(seconds) + 5);  // SIGXCPU, then SIGKILL
  limit(RLIMIT_FSIZE, 0);                                                             // no file can be written
#ifndef __SANITIZE_ADDRESS__  // its check of dynamic types opens a pipe
  limit(RLIMIT_NOFILE, 0);    // nor opened, and no socket made
#endif
}

// One line of the report: what it is, the line of the trace, a text.
void write_line(int to, const Message& r) {
  std::string line = fmt::format("{} {} {}", static_cast<char>(r.what), r.line, r.text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  line += '\n';
  for (std::size_t done = 0; done < line.size();) {
    const ssize_t n = ::write(to, line.data() + done, line.size() - done);
    if (n <= 0 && errno != EINTR) ::_exit(1);
    if (n > 0) done += static_cast<std::size_t>(n);
  }
}

[[noreturn]] void run_child(const trace::File& file, const Nodes& nodes, int seconds, int to, pid_t parent) {
  const int nowhere = ::open("/dev/null", O_RDWR);  // what a crash has to say
  for (const int standard : {0, 1, 2}) ::dup2(nowhere, standard);
  const int highest = static_cast<int>(std::min<long>(::sysconf(_SC_OPEN_MAX), 4096));
  for (int fd = 3; fd < highest; ++fd)
    if (fd != to) ::close(fd);
  give_up_rights(file, seconds, parent);
  recompute(file, nodes, [&](const Message& r) { write_line(to, r); });
  ::_exit(0);
}

// The child's report as it comes in.
class Reader {
 public:
  explicit Reader(Checked& to) : to_(to) {}

  // Returns false at the end of the report, or when `until` is over.
  bool read(int from, Clock::time_point until) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd waiting{from, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(0, left)));
    if (ready < 0 && errno == EINTR) return true;
    if (ready <= 0) return false;
    std::array<char, 1 << 16> block;
    const ssize_t n = ::read(from, block.data(), block.size());
    if (n < 0 && errno == EINTR) return true;
    if (n <= 0) return false;
    text_.append(block.data(), static_cast<std::size_t>(n));
    std::size_t begin = 0;
    for (std::size_t end; (end = text_.find('\n', begin)) != text_.npos; begin = end + 1)
      take(std::string_view(text_).substr(begin, end - begin));
    text_.erase(0, begin);
    return true;
  }
  std::size_t line() const { return line_; }
  const std::string& doing() const { return doing_; }

 private:
  void take(std::string_view line) {
    const std::size_t blank = line.find(' ', 2);
    if (line.size() < 3 || blank == line.npos) return;
    std::from_chars(line.data() + 2, line.data() + blank, line_);
    const std::string text(line.substr(blank + 1));
    switch (line[0]) {
      case Message::doing:
        doing_ = text;
        break;
      case Message::trouble:
        to_.troubles.push_back({line_, text});
        break;
      case Message::value:
        ++to_.values;
        break;
      case Message::rule:
        ++to_.rules;
        break;
      case Message::left_out:
        ++to_.left_out;
        break;
      default:
        break;
    }
  }
  Checked& to_;
  std::string text_, doing_ = "an operation";
  std::size_t line_ = 0;
};

}  // namespace

void recompute_in_child(const trace::File& file, const Nodes& nodes, int seconds, Checked& to) {
  int ends[2];
  if (::pipe(ends) != 0) throw Stop(failed, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  std::fflush(nullptr);
  const pid_t parent = ::getpid(), child = ::fork();
  if (child < 0) throw Stop(failed, fmt::format("cannot start a process: {}", std::strerror(errno)));
  if (child == 0) run_child(file, nodes, seconds, ends[1], parent);
  ::close(ends[1]);
  // Processor time is the limit; a child that waits for ever, which it should not, is ended too.
  const auto until = Clock::now() + std::chrono::seconds(10 * seconds);
  Reader reader(to);
  while (reader.read(ends[0], until)) continue;
  const bool late = Clock::now() >= until;
  if (late) ::kill(child, SIGKILL);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (late || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU))
    to.stopped = fmt::format("stopped after {} s of processor time, at line {} ({}); --seconds sets the limit", seconds,
                             reader.line(), reader.doing());
  else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    to.troubles.push_back(
        {reader.line(), fmt::format("{}: computing it again ended the process that did so", reader.doing())});
}

}  // namespace gradus::tool

// gradus check whose process is killed, and rings of programs that were killed.
#ifdef GRADUS_TOOL
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "tools/check.hpp"

using traced::Json, checked::sample_events;

namespace {

using namespace std::chrono_literals;

// The first child of a process, or 0.
pid_t child_of(pid_t process) {
  const std::string id = std::to_string(process);
  std::istringstream children(support::read("/proc/" + id + "/task/" + id + "/children"));
  pid_t child = 0;
  children >> child;
  return child;
}

// Does it still run? What has ended and waits for its parent to notice does not.
bool runs(pid_t process) {
  const std::string about = support::read("/proc/" + std::to_string(process) + "/stat");
  const auto state = about.rfind(')');
  return state != std::string::npos && about[state + 2] != 'Z';
}

template <class Condition>
bool comes_true(const Condition& condition) {
  for (int i = 0; i < 3000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

}  // namespace

TEST_CASE("the process that computes a trace again ends with the one that asked for it") {
  const support::TempDir folder;
  support::write(folder / "t.jsonl", checked::slow_trace());
  const pid_t check = ::fork();
  REQUIRE(check >= 0);
  if (check == 0) {
    const int nowhere = ::open("/dev/null", O_RDWR);
    ::dup2(nowhere, 1);
    ::execl(GRADUS_TOOL, "gradus", "check", (folder / "t.jsonl").c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  pid_t child = 0;
  CHECK(comes_true([&] { return (child = child_of(check)) != 0; }));
  REQUIRE(child > 0);
  CHECK(runs(child));
  ::kill(check, SIGKILL);
  ::waitpid(check, nullptr, 0);
  CHECK(comes_true([&] { return !runs(child); }));
}

TEST_CASE("the ring of a program that was killed is no fault") {
  using namespace gradus;
  const support::Program gradus;
  const std::string path = gradus.file("t.jsonl");
  int checked = 0;
  for (int kill = 0; kill < 12; ++kill) {
    CAPTURE(kill);
    std::filesystem::remove(path);
    const pid_t program = ::fork();
    REQUIRE(program >= 0);
    if (program == 0) {
      const study::Trace trace(path, {.steps = "all", .checks = study::Checks::off, .ring = 50 + 40 * (kill % 4)});
      Tensor w = tensor({{1, 2}, {3, 4}}, f64).requires_grad_();
      optim::SGD opt({w}, {.lr = 1e-4});
      while (true) {
        Tape tape;
        tape.backward(mean(square(matmul(tensor({{1, -1}}, f64), w))));
        opt.step();
        opt.zero_grad();
      }
    }
    std::this_thread::sleep_for(20ms + 7ms * kill);
    ::kill(program, SIGKILL);
    ::waitpid(program, nullptr, 0);
    if (!std::filesystem::exists(path) || std::filesystem::file_size(path) == 0) continue;
    const auto r = gradus("check t.jsonl");
    INFO(r.out, r.err);
    CHECK(r.code == 0);
    ++checked;
  }
  CHECK(checked > 6);
}
#endif

// kill -9, at any time: no checkpoint becomes unreadable, and the training goes on.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <iostream>
#include <sstream>

#include "support.hpp"
#include "train/trainings.hpp"

using namespace gradus;
using support::read, support::TempDir;
using trainings::Kind;
using trainings::Training;

namespace {

// A child has none of the threads of its parent: nobody may wait for one.
class OneThread {
 public:
  OneThread() { set_num_threads(1); }
  ~OneThread() { set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_ = num_threads();
};

// Runs f in a process of its own and kills that so many microseconds after it has written to the file descriptor that
// it is given: how long a start takes depends on the build and on the machine.
template <class F>
void killed(F&& f, int microseconds) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    f(ends[1]);
    ::_exit(0);
  }
  ::close(ends[1]);
  char ready = 0;
  CHECK(::read(ends[0], &ready, 1) == 1);
  ::close(ends[0]);
  ::usleep(static_cast<useconds_t>(microseconds));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

constexpr int cycles = 60 * GRADUS_TEST_SCALE;  // 9 or more make the 500 of the promise

// This program again, for one test case, which ends by a signal.
int run_again(const std::string& test, const std::string& dir, std::int64_t stop, const char* kind) {
  std::fflush(stdout);  // what is not yet written would be written twice
  std::cout.flush();
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::setenv("GRADUS_TEST_CHECKPOINT", (dir + ":" + std::to_string(stop) + ":" + kind).c_str(), 1);
    std::freopen("/dev/null", "w", stdout);
    const std::string filter = "--test-case=" + test;
    ::execl("/proc/self/exe", "gradus_tests", filter.c_str(), "--no-skip", nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

const Kind& kind_of(const std::vector<Kind>& kinds, const std::string& name) {
  return *std::find_if(kinds.begin(), kinds.end(), [&](const Kind& k) { return k.name == name; });
}

// Of half a megabyte, as a checkpoint.
int microseconds_of_a_save() {
  const TempDir dir;
  nn::Linear net(400, 300);
  optim::SGD opt(net, {.lr = 0.1});
  train::Checkpointer checkpoint(net, opt, {.dir = dir.str(), .every = 1, .keep = 2});
  constexpr int saves = 5;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < saves; ++i) checkpoint.step();
  const std::chrono::duration<double, std::micro> time = std::chrono::steady_clock::now() - start;
  return static_cast<int>(time.count() / saves) + 1;
}

}  // namespace

TEST_CASE("kill -9 while a checkpoint is saved: none is unreadable") {
  const OneThread alone;
  const TempDir dir;
  Generator random(7);
  const auto save = [&](int ready) {
    nn::Linear net(400, 300);  // half a megabyte
    optim::SGD opt(net, {.lr = 0.1});
    train::Checkpointer checkpoint(net, opt, {.dir = dir.str(), .every = 1, .keep = 2});
    checkpoint.resume();
    CHECK(::write(ready, "", 1) == 1);
    while (true) checkpoint.step();
  };
  const int twice = 2 * microseconds_of_a_save();
  int unreadable = 0, readable = 0;
  std::int64_t last = 0;
  for (int i = 0; i < cycles; ++i) {
    killed(save, static_cast<int>(random.draw(7919) % static_cast<std::uint64_t>(twice)));
    nn::Linear net(400, 300);
    optim::SGD opt(net, {.lr = 0.1});
    train::Checkpointer checkpoint(net, opt, {.dir = dir.str()});
    const train::Resumed resumed = checkpoint.resume();
    unreadable += static_cast<int>(resumed.damaged.size());
    readable += resumed.step >= last;
    last = resumed.step;
  }
  MESSAGE(cycles, " times kill -9, ", last, " checkpoints: ", unreadable, " unreadable");
  CHECK(unreadable == 0);
  CHECK(readable == cycles);
  CHECK(last > 0);
  int left = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir.str()))
    left += support::contains(entry.path().string(), ".tmp");
  CHECK(left == 0);  // resume removes what killed writers left
}

TEST_CASE("kill -9 while a file is written in place: the harness finds it unreadable") {
  const TempDir dir;
  Generator random(7);
  nn::Linear net(400, 300);
  io::save(dir / "good", net.state_dict());
  const std::string bytes = read(dir / "good");
  const auto save = [&](int ready) {
    CHECK(::write(ready, "", 1) == 1);
    while (true) std::ofstream(dir / "m", std::ios::binary) << bytes;
  };
  int unreadable = 0;
  for (int i = 0; i < cycles; ++i) {
    killed(save, static_cast<int>(random.draw(7919) % 5000));
    if (support::message([&] { io::load(dir / "m"); }) != "nothing was thrown") ++unreadable;
  }
  MESSAGE(unreadable, " of ", cycles, " unreadable");
  CHECK(unreadable > 0);
}

// Not a test of itself: what run_again() runs.
TEST_CASE("kill: a training that kills itself" * doctest::skip()) {
  const char* variable = std::getenv("GRADUS_TEST_CHECKPOINT");
  if (!variable) return;
  std::istringstream words(variable);
  std::string dir, stop, name;
  std::getline(words, dir, ':');
  std::getline(words, stop, ':');
  std::getline(words, name);
  const std::vector<Kind> kinds = trainings::kinds();
  Training training(kind_of(kinds, name), dir, 3);
  training.checkpoint.resume();
  training.run(42, [&](std::int64_t step) {
    if (step == std::stoll(stop)) ::raise(SIGKILL);
  });
  CHECK(training.checkpoint.count() == 42);
  io::save(dir + "/end", training.net.state_dict());
}

TEST_CASE("kill -9 in a training, again and again: it ends with the bits of an unbroken one") {
  Generator random(11);
  const std::vector<Kind> kinds = trainings::kinds();
  int kills = 0;
  for (int k = 0; k < 6; ++k) {
    const Kind& kind = kinds[static_cast<std::size_t>(k)];
    INFO(kind.name);
    const TempDir whole_dir, dir;
    Training whole(kind, whole_dir.str(), 0);
    whole.run(42);
    std::int64_t at = 0;
    const int times = 2 * GRADUS_TEST_SCALE;
    for (int i = 0; i < times; ++i) {
      at = std::min<std::int64_t>(41, at + 1 + static_cast<std::int64_t>(random.draw(7919) % 17));
      CHECK(run_again("kill: a training that kills itself", dir.str(), at, kind.name.c_str()) == SIGKILL);
      ++kills;
    }
    CHECK(run_again("kill: a training that kills itself", dir.str(), 0, kind.name.c_str()) == 0);
    const StateDict end = io::load(dir / "end");
    for (const auto& [name, tensor] : whole.net.state_dict()) CHECK(equal(tensor, *find(end, name)));
  }
  MESSAGE(kills, " times kill -9 in 6 trainings");
}

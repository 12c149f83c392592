#include "kernels/parallel.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "kernels/denormals.hpp"

using namespace gradus::kernels;

namespace {

// Every index of [0, n) must be seen once.
bool covers(std::int64_t n, std::int64_t grain) {
  std::vector<std::atomic<int>> seen(static_cast<std::size_t>(n));
  parallel_for(n, grain, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
  });
  for (const auto& s : seen)
    if (s != 1) return false;
  return true;
}

struct Threads {  // for one test
  explicit Threads(int n) { set_num_threads(n); }
  ~Threads() { set_num_threads(before); }
  int before = num_threads();
};

}  // namespace

TEST_CASE("parallel_for covers every index once") {
  for (int threads : {1, 2, 4}) {
    const Threads t(threads);
    CHECK(num_threads() == threads);
    for (std::int64_t n : {0, 1, 2, 3, 7, 100, 1001})
      for (std::int64_t grain : {0, 1, 10, 5000}) CHECK(covers(n, grain));
  }
  set_num_threads(0);
  CHECK(num_threads() == 1);
}

TEST_CASE("denormals are to a worker what they are to its caller") {
  const Threads t(3);
  const auto modes = [] {
    std::vector<std::uint64_t> seen(64);
    parallel_for(64, 1, [&](std::int64_t begin, std::int64_t end) {
      for (auto i = begin; i < end; ++i) seen[static_cast<std::size_t>(i)] = float_mode() & kFlushBits;
    });
    return seen;
  };
  const std::vector<std::uint64_t> off(64, 0), on(64, kFlushBits);
  for (int i = 0; i < 100; ++i) {
    {
      const FlushDenormals flushed;
      CHECK(modes() == on);
    }
    CHECK(modes() == off);
  }
}

TEST_CASE("pieces keep to the grain") {
  const Threads t(4);
  std::atomic<int> pieces = 0;
  parallel_for(25, 10, [&](std::int64_t begin, std::int64_t end) {
    ++pieces;
    CHECK(end - begin >= 10);
  });
  CHECK(pieces == 2);
}

TEST_CASE("a nested loop runs in its caller") {
  const Threads t(3);
  std::atomic<int> sum = 0;
  parallel_for(8, 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = begin; i < end; ++i) {
      const auto self = std::this_thread::get_id();
      parallel_for(10, 1, [&](std::int64_t b, std::int64_t e) {
        if (std::this_thread::get_id() == self) sum += static_cast<int>(e - b);
      });
    }
  });
  CHECK(sum == 80);
}

TEST_CASE("two threads at once, many loops, and loops after a sleep") {
  const Threads t(3);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> users;
  for (int u = 0; u < 2; ++u)
    users.emplace_back([&] {
      for (int i = 0; i < 300; ++i) wrong += !covers(64, 1);
    });
  for (auto& u : users) u.join();
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // the workers park
    wrong += !covers(64, 1);
  }
  CHECK(wrong == 0);
}

TEST_CASE("a forked child runs serially and exits") {
  const Threads t(3);
  CHECK(covers(64, 1));
  const pid_t child = fork();
  if (child == 0) _exit(covers(64, 1) ? 0 : 1);
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

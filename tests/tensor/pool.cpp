// The pool of memory: what several threads do with each other's blocks.
#include <gradus/gradus.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "support.hpp"
#include "tensor/pool.hpp"

using namespace gradus;

#ifndef GRADUS_NO_POOL

namespace {

// One thread makes tensors and the other drops them; at most `most` are alive. Returns the blocks that the maker has
// got from the system.
template <class Make>
std::size_t handed_over(int count, std::size_t most, const Make& make) {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Tensor> queue;
  std::size_t from_system = 0;
  std::thread maker([&] {
    for (int i = 0; i < count; ++i) {
      Tensor t = make(i);
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return queue.size() < most; });
      queue.push_back(std::move(t));
      changed.notify_all();
    }
    from_system = memory_stats().system_calls;
  });
  for (int i = 0; i < count; ++i) {
    Tensor t;
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return !queue.empty(); });
      t = std::move(queue.front());
      queue.pop_front();
      changed.notify_all();
    }
    CHECK(t.at({0}) == i);
  }
  maker.join();
  return from_system;
}

}  // namespace

TEST_CASE("pool: blocks that another thread freed come back") {
  for (const std::int64_t n : {10, 1000, 100'000}) {
    empty_cache();
    const std::size_t before = memory_stats().cached;
    CHECK(handed_over(500, 4, [n](int i) { return full({n}, i); }) < 40);
    CHECK(memory_stats().cached < before + 40 * static_cast<std::size_t>(4 * n + 512));
  }
}

TEST_CASE("pool: of many small blocks most come in slabs, and empty_cache gives them back") {
  empty_cache();
  const std::size_t before = memory_stats().system_calls;
  {
    std::vector<Tensor> many;
    for (int i = 0; i < 20'000; ++i) many.push_back(scalar(i, f64));
    CHECK(memory_stats().system_calls - before < 300);
    for (int i = 0; i < 20'000; i += 999) CHECK(many[static_cast<std::size_t>(i)].item() == i);
  }
  CHECK(memory_stats().cached > 20'000 * 200);
  empty_cache();
  CHECK(memory_stats().cached == 0);
  const Tensor after = scalar(7, f64);  // and what comes then is whole
  CHECK(after.item() == 7);
}

TEST_CASE("pool: tensors outlive their thread, and threads take over what is left") {
  std::vector<Tensor> kept(200);
  for (int round = 0; round < 3; ++round) {
    std::thread([&] {
      for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = full({static_cast<std::int64_t>(i) + 1}, 3);
    }).join();
    for (std::size_t i = 0; i < kept.size(); ++i) CHECK(kept[i].sum().item() == 3.0 * (static_cast<double>(i) + 1));
  }
}

#else
TEST_CASE("pool: not there with sanitizers") { CHECK(true); }
#endif

// A second thread that makes batches, and the queue between the two.
#pragma once

#include <gradus/data/prefetch.hpp>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace gradus::data {

// One epoch. Batches that were used go back to the thread that made them, which frees them: its pool of memory then has
// them for the next ones, and the pool of the other thread does not grow.
struct Prefetched::Iterator::Run {
  Run(std::shared_ptr<const Batches> range, std::int64_t most)
      : batches(std::move(range)),
        at(batches->begin()),
        depth(static_cast<std::size_t>(most)),
        worker([this, from = at]() mutable { work(from); }) {}

  ~Run() {
    {
      const std::lock_guard lock(mutex);
      stopped = true;
    }
    room.notify_one();
    worker.join();
  }

  void work(Batches::Iterator& from) {
    std::vector<Dataset> old;
    try {
      for (; !(from == batches->end()); ++from.batch_) {  // the place is that of `at`
        {
          std::unique_lock lock(mutex);
          room.wait(lock, [&] { return stopped || ready.size() < depth; });
          if (stopped) return;
          old.swap(used);
        }
        old.clear();
        Dataset batch = from.make();
        const std::lock_guard lock(mutex);
        ready.push_back(std::move(batch));
        filled.notify_one();
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      error = std::current_exception();
      filled.notify_one();
    }
  }

  // The batch that the iterator stands at.
  const Dataset& current() {
    std::unique_lock lock(mutex);
    filled.wait(lock, [&] { return error || !ready.empty(); });
    if (ready.empty()) std::rethrow_exception(error);
    batches->handed_out(at.epoch_, at.batch_);
    return ready.front();
  }

  void next() {
    current();
    const std::lock_guard lock(mutex);
    used.push_back(std::move(ready.front()));
    ready.pop_front();
    ++at;
    room.notify_one();
  }

  std::shared_ptr<const Batches> batches;
  Batches::Iterator at;  // on the thread that takes batches
  const std::size_t depth;
  std::mutex mutex;  // of all below
  std::condition_variable room, filled;
  std::deque<Dataset> ready;
  std::vector<Dataset> used;
  std::exception_ptr error;
  bool stopped = false;
  std::thread worker;  // the last member: it begins when all others are there
};

}  // namespace gradus::data

// A second thread that makes batches, and the queue between the two.
#include <gradus/data/prefetch.hpp>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "tensor/format.hpp"

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

Prefetched::Iterator::Iterator(std::unique_ptr<Run> run) : run_(std::move(run)) {}
Prefetched::Iterator::Iterator(Iterator&&) noexcept = default;
Prefetched::Iterator& Prefetched::Iterator::operator=(Iterator&&) noexcept = default;
Prefetched::Iterator::~Iterator() = default;

const Dataset& Prefetched::Iterator::operator*() const { return run_->current(); }

Prefetched::Iterator& Prefetched::Iterator::operator++() {
  run_->next();
  return *this;
}

bool Prefetched::Iterator::operator==(End) const { return run_->at == run_->batches->end(); }

Prefetched::Prefetched(Batches batches, std::int64_t depth, Loc where)
    : batches_(std::make_shared<Batches>(std::move(batches))), depth_(depth) {
  if (depth_ >= 1) return;
  throw Error("prefetch",
              {.wrong = "the depth is too small", .got = formatted("{}", depth), .expected = "1 or more batches"},
              where);
}

Prefetched::Iterator Prefetched::begin() const { return Iterator(std::make_unique<Iterator::Run>(batches_, depth_)); }

Prefetched prefetch(Batches batches, std::int64_t depth, Loc where) { return {std::move(batches), depth, where}; }

}  // namespace gradus::data

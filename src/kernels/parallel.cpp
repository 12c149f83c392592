// The thread pool.
#include "parallel.hpp"

#include <pthread.h>
#ifdef __linux__
#include <sched.h>
#endif

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "denormals.hpp"
#include "settings.hpp"

namespace gradus::kernels {
namespace {

using Body = void (*)(void* context, std::int64_t begin, std::int64_t end);

// Spinning longer hurts when cores are shared; shorter, a worker would sleep between two kernels.
constexpr int kSpins = 2000;

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

int default_threads() {
  int wanted = 0;
  threads_setting(wanted);
  if (wanted) return wanted;
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  const unsigned n = std::thread::hardware_concurrency();
  return n ? static_cast<int>(n) : 1;
}

thread_local bool inside = false;  // this thread runs a piece: a nested loop is a plain call
std::atomic<bool> closed = false;  // after exit began, or in a forked child, which has no workers

// One loop at a time. `ticket` holds the loop's number (high half) and how many of its pieces nobody has taken (low
// half); whoever takes one by compare-and-swap owns it. The loop's fields cannot change before all taken pieces are
// done, so a worker that comes late finds either a piece of the new loop or nothing.
class Pool {
 public:
  int threads() const { return threads_.load(std::memory_order_relaxed); }

  void resize(int threads) {
    const std::lock_guard lock(busy_);
    stop();
    threads_ = threads < 1 ? 1 : threads;
  }

  void close() {
    const std::lock_guard lock(busy_);
    stop();
  }

  // False if another thread's loop is running.
  bool run(std::int64_t n, std::int64_t pieces, Body body, void* context) {
    const std::unique_lock lock(busy_, std::try_to_lock);
    if (!lock) return false;
    start();
    n_ = n;
    pieces_ = pieces;
    body_ = body;
    context_ = context;
    flush_ = float_mode() & kFlushBits;
    pending_.store(pieces, std::memory_order_relaxed);
    ticket_.store(++loop_ << 32 | static_cast<std::uint64_t>(pieces));
    if (parked_.load() > 0) {
      { const std::lock_guard sleepers(sleep_); }
      wake_.notify_all();
    }
    inside = true;
    while (take_piece()) {}
    inside = false;
    for (int i = 0; pending_.load(std::memory_order_acquire) > 0; ++i)
      if (i < kSpins)
        pause();
      else
        std::this_thread::yield();
    return true;
  }

 private:
  void stop() {
    {
      const std::lock_guard sleepers(sleep_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (auto& w : workers_) w.join();
    workers_.clear();
    stopping_ = false;
    started_ = false;
  }

  void start() {
    if (started_) return;
    started_ = true;
    try {
      for (int i = 1; i < threads(); ++i) workers_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {  // fewer workers, or none: the caller takes their pieces
    }
  }

  bool take_piece() {
    std::uint64_t t = ticket_.load();
    do {
      if ((t & 0xffffffff) == 0) return false;
    } while (!ticket_.compare_exchange_weak(t, t - 1));
    const auto piece = pieces_ - static_cast<std::int64_t>(t & 0xffffffff);
    {
      const FlushDenormals as_caller(flush_);
      body_(context_, n_ * piece / pieces_, n_ * (piece + 1) / pieces_);
    }
    pending_.fetch_sub(1, std::memory_order_acq_rel);
    return true;
  }

  bool waiting() const { return (ticket_.load() & 0xffffffff) == 0 && !stopping_.load(); }

  void work() {
    inside = true;
    while (!stopping_) {
      while (take_piece()) {}
      for (int i = 0; i < kSpins && waiting(); ++i) pause();
      if (!waiting()) continue;
      std::unique_lock sleepers(sleep_);
      ++parked_;
      wake_.wait(sleepers, [this] { return !waiting(); });
      --parked_;
    }
  }

  std::mutex busy_;  // held by the thread whose loop runs
  std::vector<std::thread> workers_;
  bool started_ = false;
  std::atomic<int> threads_ = default_threads();

  std::int64_t n_ = 0, pieces_ = 0;
  Body body_ = nullptr;
  void* context_ = nullptr;
  std::uint64_t flush_ = 0;  // denormals are to a piece what they are to the loop's caller
  std::uint64_t loop_ = 0;
  std::atomic<std::uint64_t> ticket_ = 0;
  std::atomic<std::int64_t> pending_ = 0;

  std::mutex sleep_;
  std::condition_variable wake_;
  std::atomic<int> parked_ = 0;
  std::atomic<bool> stopping_ = false;
};

// The pool itself is never destroyed: a forked child must not touch threads that it does not have.
Pool& pool() {
  static Pool* const instance = [] {
    pthread_atfork(nullptr, nullptr, [] { closed = true; });
    return new Pool;
  }();
  static const struct Closer {
    ~Closer() {
      if (!closed.exchange(true)) instance->close();
    }
  } closer;
  return *instance;
}

}  // namespace

int num_threads() { return pool().threads(); }

namespace {
std::atomic<bool> same_bits = false;
}
bool deterministic() { return same_bits.load(std::memory_order_relaxed); }
void set_deterministic(bool on) { same_bits = on; }

void set_num_threads(int n) {
  if (!closed) pool().resize(n);
}

void parallel_for(std::int64_t n, std::int64_t grain, Body body, void* context) {
  if (n <= 0) return;
  if (!inside && n > grain && !closed) {
    Pool& p = pool();
    const std::int64_t most = n / (grain > 1 ? grain : 1), threads = p.threads(),
                       pieces = most < threads ? most : threads;
    if (pieces > 1 && p.run(n, pieces, body, context)) return;
  }
  body(context, 0, n);
}

}  // namespace gradus::kernels

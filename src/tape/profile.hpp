// The clock of profile(): started and stopped around operations, rules and optimizer steps.
#pragma once

#include <atomic>
#include <chrono>
#include <span>

#include <gradus/op.hpp>
#include <gradus/profile.hpp>

namespace gradus::detail {

extern constinit std::atomic<bool> profiling_on;
inline bool profiled() { return profiling_on.load(std::memory_order_relaxed); }

// Counts as a call when stop() has been reached: what threw is not counted. Does nothing while profiling is off, or
// inside another Timing.
class [[nodiscard]] Timing {
 public:
  Timing(const char* name, ProfileRow::Pass pass) : name_(name), pass_(pass) {
    if (profiled()) [[unlikely]]
      start();
  }
  ~Timing() {
    if (running_) [[unlikely]]
      end();
  }
  Timing(const Timing&) = delete;
  Timing& operator=(const Timing&) = delete;

  bool stop();  // true if it counts
  double bytes = 0, flops = 0;

 private:
  friend class Untimed;
  using Clock = std::chrono::steady_clock;
  void start();
  void end();

  const char* name_;
  ProfileRow::Pass pass_;
  bool running_ = false, stopped_ = false;
  Clock::time_point start_ = {};
  Clock::duration took_ = {};
};

// Takes its stretch out of the timing around it, for an optimizer that calls the user's closure.
class [[nodiscard]] Untimed {
 public:
  Untimed();
  ~Untimed();
  Untimed(const Untimed&) = delete;
  Untimed& operator=(const Untimed&) = delete;

 private:
  Timing* around_;
  Timing::Clock::time_point start_;
};

double bytes_of(const Tensor& x);  // a number that an expanded axis repeats counts once

// What an operation has read, written and computed. Its arithmetic is kept for the walk.
void count_forward(Timing& timing, const OpTable& op, const void* self, std::span<const Arg> args, const Tensor& y);

// What the rule of a node has: g and what was saved read, the gradients of `slots` written.
void count_rule(Timing& timing, TapeState& tape, int node, const Tensor& g, std::span<const Tensor> slots,
                std::span<const Need> needed);

}  // namespace gradus::detail

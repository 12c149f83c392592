// An error at the first NaN or infinity.
#pragma once

#include <memory>

namespace gradus::study {

/// See guard_nonfinite().
class [[nodiscard]] NonfiniteGuard {
 public:
  NonfiniteGuard();
  ~NonfiniteGuard();
  NonfiniteGuard(const NonfiniteGuard&) = delete;
  NonfiniteGuard& operator=(const NonfiniteGuard&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Until the end of the scope, on this thread, the first recorded value or gradient that is NaN or infinite is an
/// Error that names the operation, its line, and the input that the number came from.
///
///   const auto guard = study::guard_nonfinite();
///
/// That holds for an intended infinity too (a mask of -inf for softmax), unless it is computed without recording.
inline NonfiniteGuard guard_nonfinite() { return {}; }

}  // namespace gradus::study

// Derivatives measured on a tape that has been walked, in f64: each operation by itself, and each tensor through all
// operations after it.
#pragma once

#include <functional>

#include <gradus/study/trace.hpp>

#include "study/trace/json.hpp"
#include "study/trace/replay.hpp"

namespace gradus::study {

struct CheckOptions {
  Checks level;
  std::int64_t values;  // limit of elements inline
  // With `all`: called before the tensors are measured, with how many elements of how many will be, and how many
  // seconds that takes.
  std::function<void(double measured, double of, double seconds)> announce = {};
};

// Calls `write` with each result, as the event `check` without its tape and walk. Throws an Error where the tape cannot
// be run again.
void run_checks(const Walked& w, const CheckOptions& options, const std::function<void(JsonLine)>& write);

}  // namespace gradus::study

// Derivatives measured on a tape that has been walked, in f64: each operation by itself, each tensor through all above
// it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <gradus/study/trace.hpp>
#include <gradus/tape.hpp>

#include "study/trace/json.hpp"

namespace gradus::study {

// What the operations of a tape read: node numbers, and -1 - k for constant number k, which the tape does not keep.
struct Inputs {
  std::vector<std::vector<int>> of;  // per node
  std::vector<Tensor> constants;
  std::vector<std::uint32_t> versions;  // of the constants, when they were met
};

struct Walked {
  const Tape& tape;
  const Inputs& inputs;
  int from;
  bool recorded;                     // the walk was: readable rules, no fused ones
  const std::vector<int>& of;        // per node: how many contributions it was to get
  const std::vector<Tensor>& grads;  // per node; undefined where the walk did not come
};

struct CheckOptions {
  Checks level;
  std::int64_t values;  // limit of elements inline
};

// Calls `write` with each result, as the event `check` without its tape and walk. Throws an Error where the tape cannot
// be run again.
void run_checks(const Walked& w, const CheckOptions& options, const std::function<void(Event)>& write);

}  // namespace gradus::study

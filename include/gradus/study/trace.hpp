// Recording what a program does, for `gradus check`, `gradus step`, `gradus html` and `gradus
// diff` to read.
//
//   int main() {
//     study::Trace trace("run.trace.jsonl");     // at the top; the brace ends the file
//
// or, without a change to the source, GRADUS_TRACE=run.trace.jsonl ./program. The format of the file is described in
// src/study/trace/TRACE.md. If the file cannot be written, one line on stderr says so, and the program goes on.
// Recording in full is slow: a small network's step takes tens of times as long, with checks hundreds of times.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <gradus/error.hpp>

namespace gradus::study {

/// What is measured at every node after each walk, by running the tape again in f64. `local` names a wrong rule.
enum class Checks {
  off,
  local,  ///< each operation and input: along a random direction, against its rule
  dir,    ///< also the gradient of each tensor: every element of up to 64, else along a random direction
  all,    ///< also every element of every tensor: for small networks
};

struct TraceOptions {
  std::string steps = "0-9";    ///< optimizer steps to record in full: "all", "none", "0,100-102". Others: in outline
  Checks checks = Checks::dir;  ///< what is measured after each walk
  std::int64_t values = 4096;   ///< of larger tensors only statistics and the first and last 16 elements are written
  /// Write a hash of each tensor instead of its numbers, for `gradus diff`: small files of long runs. Then nothing is
  /// checked, and contributions and rules are left out.
  bool hashes = false;
  std::int64_t ring = 0;  ///< keep about the last N events; 0: all. The first NaN or infinity ends the recording
};

/// GRADUS_TRACE_STEPS, GRADUS_TRACE_CHECK (off, local, dir, all), GRADUS_TRACE_VALUES, GRADUS_TRACE_HASH (1 or 0),
/// GRADUS_TRACE_RING. A variable that is not set keeps the default above; in a ring and with hashes, steps are "all".
/// Throws an Error for any other value, and for any other variable whose name begins with GRADUS_TRACE_.
TraceOptions trace_options_from_environment(Loc where = Loc::current());

/// Records what happens on this thread until the end of the scope. It is an observer: several can record at once. Tapes
/// that are live already are not recorded.
class [[nodiscard]] Trace {
 public:
  explicit Trace(const std::string& path, Loc where = Loc::current());  ///< options from the environment
  /// Throws an Error for options out of range.
  Trace(const std::string& path, const TraceOptions& options, Loc where = Loc::current());
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Sends a number to the observers of this thread, for the trace: study::scalar("loss", loss.item()).
void scalar(const char* name, double value);

}  // namespace gradus::study

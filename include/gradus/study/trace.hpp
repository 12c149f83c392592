// Recording what a program does, for `gradus check`, `gradus step` and `gradus html` to read.
//
//   int main() {
//     study::Trace trace("run.trace.jsonl");     // at the top; the brace ends the file
//
// or, with no change to the source, GRADUS_TRACE=run.trace.jsonl ./program. The file's format is described in
// src/study/trace/TRACE.md. A file that cannot be written is said in one line on stderr, and the program goes on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <gradus/error.hpp>

namespace gradus::study {

/// What is measured at every node after each walk, by running the tape again in f64. A wrong rule is named by `local`.
enum class Checks {
  off,
  local,  ///< each operation and input: along a random direction, against its rule
  dir,    ///< also each tensor, against what was walked from: all elements up to 64, else along a random direction
  all,    ///< every element of every tensor: for small nets
};

struct TraceOptions {
  std::string steps = "0-9";  ///< optimizer steps to record in full: "all", "none", "0,100-102"; the others in outline
  Checks checks = Checks::dir;
  std::int64_t values = 4096;  ///< tensors of more elements: statistics, and the first and last 16
  std::int64_t ring = 0;       ///< keep about the last that many events; 0: all. The first NaN or infinity stops it
};

/// GRADUS_TRACE_STEPS, GRADUS_TRACE_CHECK (off, local, dir, all), GRADUS_TRACE_VALUES, GRADUS_TRACE_RING; what is not
/// set is as above, but for steps, which are "all" in a ring. Throws for words and numbers that are none of these.
TraceOptions trace_options_from_environment(Loc where = Loc::current());

/// Records what happens on this thread until the end of the scope, as an observer among others. Several may record at
/// once. Tapes that are live already are left out.
class [[nodiscard]] Trace {
 public:
  explicit Trace(const std::string& path, Loc where = Loc::current());  ///< options from the environment
  Trace(const std::string& path, const TraceOptions& options, Loc where = Loc::current());
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Tells the observers of this thread a number: study::scalar("loss", loss.item()).
void scalar(const char* name, double value);

}  // namespace gradus::study

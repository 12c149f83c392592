// What the recorders of one trace share: the file, the numbers of tapes, walks and parameters, the count of steps.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <gradus/study/trace.hpp>
#include <gradus/tensor.hpp>

#include "study/trace/json.hpp"
#include "study/trace/sink.hpp"

namespace gradus::study {

// "0-9,100" and the like.
class Steps {
 public:
  static std::optional<Steps> parse(const std::string& text);  // none: another form
  bool contains(std::int64_t step) const;

 private:
  std::vector<std::pair<std::int64_t, std::int64_t>> ranges_;
};

// What a parameter is called, and its number in the trace.
struct LeafName {
  int number;
  std::string name;
};

class Run {
 public:
  Run(const std::string& path, const TraceOptions& options, Loc where);  // throws for options out of range

  const TraceOptions options;

  // Of numbers in a line; see json_tensor.
  std::int64_t limit() const { return options.hashes ? hashes_only : options.values; }

  int new_thread();
  struct NewTape {
    int tape, step;
    bool full;
  };
  NewTape begin_tape();
  void end_tape(bool walked);
  int begin_walk();
  int step_number();
  bool in_full();           // the current step
  int optimizer_stepped();  // an update is being made: the number of the step that it belongs to

  LeafName leaf(const Tensor& x);  // gives a number to a new one
  void name(const Tensor& x, const std::string& name);
  std::optional<LeafName> known(const Tensor& x);  // x, or the leaf whose numbers x is a view of
  void forget_the_dead();

  void write(const JsonLine& event, int tape = 0, bool definition = false);
  // Writes a warning, the first time only. In a ring nothing is recorded after it.
  bool has_nonfinite();  // the first has been found
  void found_nonfinite(int tape, int node, int walk, const std::string& text);
  // One line on stderr, the first time that measuring everything takes long.
  void announce(double measured, double of, double seconds);
  void close(bool ok) { sink_.close(ok); }

 private:
  struct Known {
    LeafName leaf;
    Tensor tensor;  // kept, so that no other tensor takes its address
  };
  int step_locked() const { return optimizer_ ? optimizer_steps_ : walked_tapes_; }
  void finish_step();
  std::string unused(const std::string& name) const;

  Steps steps_;
  Sink sink_;
  std::mutex mutex_;
  int threads_ = 0, tapes_ = 0, walks_ = 0, leaves_ = 0, optimizer_steps_ = 0, walked_tapes_ = 0;
  bool optimizer_ = false, stepping_ = false, warned_outline_ = false, announced_ = false, nonfinite_ = false,
       stopped_ = false;
  std::unordered_map<const detail::TensorImpl*, Known> known_;
};

}  // namespace gradus::study

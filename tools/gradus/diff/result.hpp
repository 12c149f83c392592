// What gradus diff finds between two files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "diff/align.hpp"
#include "diff/apart.hpp"

namespace gradus::tool {

// The first place where two runs part.
struct Parting {
  std::int64_t step = 0, step_b = 0;   // of A and of B
  std::string what = {};               // "the value of matmul"
  std::string name = {};               // "fc1.weight", "matmul", "loss"
  std::string file = {}, scope = {};   // of the user's program; "" if not known
  std::int64_t line = 0;               // likewise
  std::size_t line_a = 0, line_b = 0;  // of the two files; 0: not of one line
  std::string a = {}, b = {};          // the values, hashes or kinds of event
  std::string index = {};              // "[3, 7]" of the first element; "" for a number
  std::optional<Apart> apart = {};     // none for hashes, and where the programs did different things
  std::string meaning = {};            // a sentence
};

// The batches of two runs.
struct BatchOrder {
  std::int64_t batches = 0;                   // that both have looked at
  std::int64_t common = 0;                    // of these, in both runs
  std::int64_t example_a = 0, example_b = 0;  // a step of A and the step of B that has the same batch
  bool different = false;                     // some batch is another one
  bool same_examples = false;                 // not the same batches, but the same examples in them
  std::string text() const;                   // a sentence
};

struct DiffResult {
  std::string kind;  // "trace", "run log"
  std::optional<Parting> parting;
  std::int64_t steps = 0, numbers = 0;    // that are the same, until they part
  std::int64_t steps_a = 0, steps_b = 0;  // in all
  bool hashes = false;                    // of what parts there is only a hash
  Alignment alignment;
  BatchOrder order;
  std::vector<std::pair<std::string, std::vector<std::string>>> settings;  // that differ
  std::vector<std::string> notes;                                          // lengths, errors, cut files
  bool damaged = false;                                                    // a line of a file cannot be read
};

// Throws Stop, with exit code 3, for a file that cannot be read or is of another kind.
DiffResult diff_traces(const std::string& a, const std::string& b, AlignBy by);
DiffResult diff_runs(const std::string& a, const std::string& b, AlignBy by);

// What the steps before the first pair and after the last one are, as notes of `result`.
void tell_lengths(DiffResult& result, const std::vector<StepPrint>& a, const std::vector<StepPrint>& b);

// Compares batches by hashes, one for each step that both have; 0: not known.
BatchOrder compare_batches(const std::vector<std::int64_t>& steps, const std::vector<std::uint64_t>& a,
                           const std::vector<std::uint64_t>& b);

}  // namespace gradus::tool

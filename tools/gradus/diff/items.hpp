// A trace as a row of things that can be compared one by one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "trace/open.hpp"

namespace gradus::tool {

struct Item {
  enum class Kind { leaf, constant, value, start, gradient, given, sum, option, weights, state, scalar, event };
  Kind kind = Kind::event;
  std::size_t line = 0;
  std::string what, name;                   // "the value of matmul", "matmul"
  std::string key;                          // equal in runs that do the same things
  std::string scope = {};                   // of the module
  const trace::Place* loc = nullptr;        // of the user's program
  const trace::Numbers* numbers = nullptr;  // or else
  double number = 0;                        // if it has one
  bool has_number = false;
  bool in_full = false;  // only of a step that is recorded in full
};

// What a trace holds, step by step.
struct Items {
  std::map<int, std::vector<Item>> steps;
  std::map<int, bool> full;              // recorded in full?
  std::map<int, std::uint64_t> batches;  // a hash of the inputs of each step in full
  std::map<int, std::uint64_t> starts;   // likewise, of its inputs and of the weights that it reads
  std::vector<std::uint64_t> examples;   // hashes of the rows of the largest input of each step, sorted
  bool summaries = false;                // some input has no more than a summary
};
Items items_of(const trace::File& file);

// That of a trace of hashes: the tensor's hash, or that of its numbers. None for a summary.
std::optional<std::uint64_t> hash_of(const trace::Numbers& numbers);

}  // namespace gradus::tool

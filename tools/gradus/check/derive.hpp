// What can be derived again from a trace, and what is off in it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "trace/open.hpp"

namespace gradus::tool {

struct Trouble {
  std::size_t line;  // in the file
  std::string text;
};

struct Checked {
  std::vector<Trouble> troubles;  // in the order of their lines
  std::vector<std::string> remarks;
  int tapes = 0, in_full = 0, operations = 0, walks = 0, visits = 0, contributions = 0, steps = 0;
  int values = 0, rules = 0;  // of built-in operations, computed again
  std::string stopped;        // why computing again came to no end; "" if it did
  int left_out = 0;           // built-in operations that were not: numbers that are not in the file, or too much work
  int ok = 0, kinks = 0, bad = 0, skipped = 0;  // the program's own checks
};

// The leaves and operations of every tape, by tape and node number.
struct Nodes {
  struct Node {
    std::size_t line = 0;
    const trace::Leaf* leaf = nullptr;
    const trace::Op* op = nullptr;
    std::vector<std::pair<std::size_t, const trace::Leaf*>> again;  // later values of a leaf, by line
    const trace::Numbers& value() const { return op ? op->value : leaf->value; }
    const trace::Numbers& value_at(std::size_t line_of_reader) const;
  };
  std::map<std::pair<int, int>, Node> all;
  const Node* find(int tape, int node) const;
  std::string name(int tape, int node) const;  // "t5 (tanh, xor.cpp:16)"
};
Nodes nodes_of(const trace::File& file);

// Sums, counts, order, shapes, and the verdicts that are in the file.
void check_order(const trace::File& file, const Nodes& nodes, Checked& to);

// What recompute() reports as it goes.
struct Message {
  enum What : char { doing = 'N', trouble = 'T', value = 'V', rule = 'R', left_out = 'L' };
  What what;
  std::size_t line;  // of the trace
  std::string text;
};

// Values and contributions of built-in operations, from the recorded inputs.
void recompute(const trace::File& file, const Nodes& nodes, const std::function<void(const Message&)>& report);

// The same in a child process, so that a file of a stranger can at most end that process: it cannot write or open
// files, has no network, `seconds` of processor time, and memory in proportion to the file.
void recompute_in_child(const trace::File& file, const Nodes& nodes, int seconds, Checked& to);

}  // namespace gradus::tool

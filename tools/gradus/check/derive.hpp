// What can be derived again from a trace, and what is off in it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "trace/file.hpp"

namespace gradus::tool::trace {

struct Trouble {
  std::size_t line;  // in the file
  std::string text;
};

struct Findings {
  std::vector<Trouble> troubles;  // in the order of their lines
  std::vector<std::string> remarks;
  int tapes = 0, in_full = 0, operations = 0, walks = 0, visits = 0, contributions = 0, steps = 0;
  int values = 0, rules = 0;  // of built-in operations, computed again
  int left_out = 0;           // built-in operations that could not be: their numbers are not all in the file
  int ok = 0, kinks = 0, bad = 0, skipped = 0;  // the program's own checks
};

// The leaves and operations of every tape, by tape and node number.
struct Nodes {
  struct Node {
    std::size_t line = 0;
    const Leaf* leaf = nullptr;
    const Op* op = nullptr;
    std::vector<std::pair<std::size_t, const Leaf*>> again;  // later values of a leaf, by line
    const Numbers& value() const { return op ? op->value : leaf->value; }
    const Numbers& value_at(std::size_t line_of_reader) const;
  };
  std::map<std::pair<int, int>, Node> all;
  const Node* find(int tape, int node) const;
  std::string name(int tape, int node) const;  // "t5 (tanh, xor.cpp:16)"
};
Nodes nodes_of(const File& file);

// Sums, counts, order, shapes, and the verdicts that are in the file.
void check_order(const File& file, const Nodes& nodes, Findings& to);
// Values and contributions of built-in operations, from the recorded inputs. In a process of its own: the file may hold
// shapes and attributes that do not fit each other, and operations trust their callers.
void recompute(const File& file, const Nodes& nodes, Findings& to);

}  // namespace gradus::tool::trace

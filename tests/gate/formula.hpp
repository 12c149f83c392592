// Computes with the lines that tools show: formula() and rule() of an operation, and what an optimizer has done. Their
// language is described in src/ops/lines.hpp. What cannot be read or computed throws Wrong, with the place.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gate/array.hpp"

namespace formula {

// A tree: a number, a name, or an operation on the parts.
struct Term {
  std::string what;   // "number", "name", "call", "index", "+", "where", …
  std::string name;   // of a name or a call
  double number = 0;  // of a number
  std::vector<std::shared_ptr<const Term>> parts = {};
  std::vector<int> axes = {};            // of a call
  std::string axes_of = {};              // "axes of w"
  std::vector<std::int64_t> sizes = {};  // "expanded to (2, 3)"
};
using TermPtr = std::shared_ptr<const Term>;

// "dx[i, j] += g[i, j]" and what stands behind it.
struct Statement {
  std::string target;
  std::vector<TermPtr> place;  // of an element; none: the whole array
  std::string sign;            // "=", "+=" or "←"
  TermPtr value;
  std::vector<int> repeated;  // "repeated along axes 0, 1"
};
struct Line {
  std::vector<Statement> statements;
  std::map<std::string, TermPtr> definitions;
  std::map<std::string, std::int64_t> ranges;                          // "u < 3"
  std::vector<std::pair<std::vector<std::string>, TermPtr>> argmaxes;  // "(a, b) = first argmax(…)"
};

Line parse(const std::string& text);

// Everything that a line may name. Targets are filled; a target of the optimizers' ← is one of the arrays.
struct Names {
  std::map<std::string, Array> arrays = {};
  std::map<std::string, double> numbers = {};
  std::map<std::string, Sizes> targets = {};  // what is to be computed, with its shape
  bool matrices = false;                      // side by side, two arrays are a product of matrices
  std::string first = {};                     // the letter of the first input
};

// The targets that the line gives, and for ← the arrays as they are afterwards.
std::map<std::string, Array> compute(const std::string& line, const Names& names);

}  // namespace formula

// Runs one case: differences against rules, along one random direction for each input.
#pragma once

#include "gate/gate.hpp"

namespace gate {

// A wrong rule put in the place of a right one: nodes of `from` become nodes of `to`.
struct Swap {
  const gradus::detail::OpTable* from = nullptr;
  const gradus::detail::OpTable* to = nullptr;
  bool detach = false;  // what the nodes saved is cut off the tape
};

struct Outcome {
  std::string wrong;      // empty: all is well
  bool recorded = false;  // the operation under test was on the tape
  bool moved = false;     // something other than zeros was compared
  bool curved = false;    // at second order: with respect to an input, not just the cotangent
};

Outcome first_order(const Row& row, const Case& c, Rng& rng, const Swap& swap = {});
Outcome second_order(const Row& row, const Case& c, Rng& rng, const Swap& swap = {});

// The operation of that name in operations(), or null.
const gradus::detail::OpTable* find(const char* name);

}  // namespace gate

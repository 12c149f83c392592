// Sums over ranks in the order of one binary tree: (0 + 1) + (2 + 3) … The bits do not depend on who adds, nor on how
// the numbers are cut into buckets. Each rank sends 2 (n - 1) / n of the numbers, as a ring does, in 2 log2 n messages
// (recursive halving and doubling: Thakur, Rabenseifner and Gropp, 2005, with the distances from the nearest up).
#pragma once

#include <cstddef>
#include <vector>

#include "dist/engine.hpp"

namespace gradus::dist {

constexpr bool is_power_of_two(int n) { return n > 0 && (n & (n - 1)) == 0; }

// In place; `size` is a power of two. `scratch` grows as needed.
void tree_sum(Engine& engine, int rank, int size, void* numbers, DType dtype, std::size_t count,
              std::vector<char>& scratch);

}  // namespace gradus::dist

// det: a determinant by expansion by minors, all minors of one size at once.
//
// The minor of a set S of m columns and the last m rows is the sum over c in S of ±a[row, c] times the minor of S
// without c. Tables say which entries of a, and which smaller minors, each minor reads; each minor is computed once.
#include <bit>
#include <span>

#include "bench/gradbench/evals.hpp"

namespace gradbench {

namespace {

// Of one size m: row i of both tables (minors, m) is one minor.
struct Level {
  Tensor entries;  // i64: where the factor stands in [a, -a], flattened
  Tensor minors;   // i64: which smaller minor it multiplies
};

Level level(std::int64_t n, int m) {
  std::vector<std::int64_t> entries, minors, number(std::size_t{1} << n);
  std::int64_t smaller = 0;
  for (std::uint32_t set = 0; set < number.size(); ++set) {
    if (std::popcount(set) == m - 1) number[set] = smaller++;
  }
  for (std::uint32_t set = 0; set < number.size(); ++set) {
    if (std::popcount(set) != m) continue;
    std::int64_t sign = 0;  // in turn: 0 adds, 1 subtracts
    for (std::int64_t c = 0; c < n; ++c) {
      const std::uint32_t column = std::uint32_t{1} << c;
      if (!(set & column)) continue;
      entries.push_back(sign * n * n + (n - m) * n + c);
      minors.push_back(number[set ^ column]);
      sign = 1 - sign;
    }
  }
  const auto table = [&](const std::vector<std::int64_t>& list) {
    return from_data(std::span(list), {std::ssize(list)}).reshape({-1, m});
  };
  return {table(entries), table(minors)};
}

struct Problem {
  Tensor a;  // (n n)
  std::int64_t n = 0;
  std::vector<Level> levels;  // from the 2x2 minors to the whole
};

Tensor determinant(const Problem& p) {
  const Tensor a = p.a.reshape({-1, 1});
  const Tensor both = concat({a, -a});
  Tensor minors = slice(a, 0, {(p.n - 1) * p.n, p.n * p.n});  // of one column: the last row
  for (const Level& l : p.levels) minors = sum(embedding(both, l.entries) * embedding(minors, l.minors), {1});
  return minors.reshape({});
}

Problem read(const Json& input) {
  Problem p;
  p.n = integer(input, "ell", 1, 16);
  p.a = field(input, "A", {p.n * p.n});
  for (int m = 2; m <= p.n; ++m) p.levels.push_back(level(p.n, m));
  return p;
}

}  // namespace

Functions det() {
  return {{"primal",
           [](const Json& input) {
             const Problem p = read(input);
             return job([=] { return determinant(p); });
           }},
          {"gradient", [](const Json& input) {
             const Problem p = read(input);
             return job([=] { return value_and_grad([&] { return determinant(p); }, {p.a}).grads[0]; });
           }}};
}

}  // namespace gradbench

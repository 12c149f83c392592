// Which step of one run belongs to which step of the other.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace gradus::tool {

// What a step begins with, as hashes; 0: not known.
struct StepPrint {
  std::int64_t step = 0;
  std::uint64_t start = 0;  // weights and batch
  std::uint64_t batch = 0;
};

enum class AlignBy { best, number, content, batch };

struct Alignment {
  AlignBy by = AlignBy::number;
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs;  // steps of A and of B, rising in A
  std::int64_t first_a = 0, first_b = 0, run = 0;            // a run of steps one after the other; 0: in any order
  std::string start = "weights and batch";                   // what begins alike, by content
  bool shifted() const { return run > 0 && first_a != first_b; }
  const char* name() const;
  std::string text() const;  // a sentence
};

// The longest run of equal numbers, one after the other in both, without a 0. Of equal lengths the first in `a`.
struct CommonRun {
  std::size_t a = 0, b = 0, length = 0;
};
CommonRun longest_common_run(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b);

// `best`: by step numbers, unless more steps begin alike in another way. Both lists rise by step.
Alignment align(const std::vector<StepPrint>& a, const std::vector<StepPrint>& b, AlignBy by);

}  // namespace gradus::tool

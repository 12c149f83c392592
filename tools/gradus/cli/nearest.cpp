// The distance between words (Damerau and Levenshtein), and messages about unknown ones.
#include "cli/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace gradus::tool {

int distance(std::string_view a, std::string_view b) {
  std::vector<int> before, last, row(b.size() + 1);  // rows of the table of distances between prefixes
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(last, row);
    row[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::string unknown(std::string_view word, std::span<const std::string> known) {
  const std::string* nearest = nullptr;
  const int letters = static_cast<int>(word.size());
  int least = std::min(std::max(2, letters / 3), std::max(1, letters / 2)) + 1;  // a misspelling is nearer than this
  for (const std::string& candidate : known) {
    const int d = candidate.starts_with(word) ? 1 : distance(word, candidate);
    if (d < least && d < static_cast<int>(candidate.size())) {
      least = d;
      nearest = &candidate;
    }
  }
  const std::string all = fmt::format("there {} {}", known.size() > 1 ? "are" : "is", fmt::join(known, ", "));
  return nearest ? fmt::format("unknown; did you mean {}? ({})", *nearest, all) : "unknown; " + all;
}

}  // namespace gradus::tool

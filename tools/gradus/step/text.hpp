// Numbers and names of a trace as text for a terminal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trace/open.hpp"

namespace gradus::tool {

// Control characters of a name or a source line become \x1b and the like: a trace must not control the terminal.
std::string clean(std::string_view text);

std::size_t columns_of(std::string_view text);  // characters, not bytes
std::string padded(std::string text, std::size_t columns);

std::string number_text(double x);           // "0.0541", "-1.23e-05", "nan"
std::string shape_text(const Shape& shape);  // "4x3", "scalar"

// The rows of a tensor, aligned, with limits on rows and columns. All axes but the last are counted as rows.
struct Rows {
  std::vector<std::string> lines;
  std::int64_t more = 0;  // rows left out
  std::size_t width = 0;  // of a number
};
Rows rows_of(const trace::Numbers& numbers, int most_rows, int most_columns, std::size_t least_width = 0);

trace::Stats stats_of(const trace::Numbers& numbers);

// "[0:2,1]" of a tensor: throws Stop (usage) saying what is wrong with it.
trace::Numbers slice(const trace::Numbers& numbers, std::string_view brackets);

}  // namespace gradus::tool

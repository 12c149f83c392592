// What the text of a cell can be.
#pragma once

#include <optional>
#include <string_view>

namespace gradus::data {

// Numbers with '.' or ',' before the fraction, the same throughout a file.
class CellNumbers {
 public:
  // 0: the first fraction decides.
  explicit CellNumbers(char decimal) : decimal_(decimal) {}
  // *wrong says why there is none.
  std::optional<double> operator()(std::string_view cell, const char** wrong = nullptr);

 private:
  char decimal_;
};

// Empty, NA, N/A, nan, null or ?.
bool is_missing(std::string_view cell);

// A whole number from 0, below 2^53, without a plus and leading zeros: 7, or 7.0.
bool is_class_number(std::string_view cell);

}  // namespace gradus::data

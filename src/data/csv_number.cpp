// Numbers, missing cells and class numbers in CSV.
#include "data/csv_number.hpp"

#include <algorithm>
#include <cctype>
#include <string>

#include "tensor/number.hpp"

namespace gradus::data {

std::optional<double> CellNumbers::operator()(std::string_view cell, const char** wrong) {
  const auto mark = cell.find_first_of(".,");
  if (mark == cell.npos) return detail::parse_number(cell, wrong);
  const char decimal = decimal_ ? decimal_ : cell[mark];
  std::string text(cell);
  if (decimal == ',') {
    if (cell.find('.') != cell.npos) return detail::parse_number("", wrong);  // is it for thousands, or a mistake?
    text[mark] = '.';
  }
  const auto value = detail::parse_number(text, wrong);
  if (value) decimal_ = decimal;
  return value;
}

bool is_missing(std::string_view cell) {
  if (cell.size() > 4) return false;
  std::string small(cell);
  std::ranges::transform(small, small.begin(), [](unsigned char c) { return std::tolower(c); });
  constexpr std::string_view missing[] = {"", "na", "n/a", "nan", "null", "?"};
  return std::ranges::find(missing, small) != std::end(missing);
}

bool is_class_number(std::string_view cell) {
  const std::string_view whole = cell.substr(0, cell.find('.'));
  const std::string_view fraction = cell.substr(whole.size());
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (whole.empty() || !std::ranges::all_of(whole, is_digit) || (whole.size() > 1 && whole[0] == '0')) return false;
  if (!fraction.empty() && (fraction.size() == 1 || fraction.find_first_not_of('0', 1) != fraction.npos)) return false;
  const auto value = detail::parse_number(whole);
  return value && *value < 0x1p53;
}

}  // namespace gradus::data

// Checks of an option's text against a range, with one form of words.
#include "cli/ranges.hpp"

#include <fmt/format.h>

#include <cmath>

namespace gradus::tool {
namespace {

// "from 1 on", "from 1 to 9", "up to 9" or nothing.
template <class T>
std::string words(T least, T most, T no_least, T no_most) {
  if (least == no_least && most == no_most) return "";
  if (most == no_most) return fmt::format(" from {} on", least);
  return least == no_least ? fmt::format(" up to {}", most) : fmt::format(" from {} to {}", least, most);
}

}  // namespace

std::string WholeRange::operator()(const std::string& text) const {
  const auto value = to_integer(text);
  if (value && *value >= least && *value <= most) return "";
  const WholeRange all;
  return fmt::format("a whole number{} is expected, not '{}'", words(least, most, all.least, all.most), text);
}

std::string NumberRange::operator()(const std::string& text) const {
  const auto value = to_number(text);
  if (value && *value >= least && *value <= most) return "";
  if (least == 0 && std::isinf(most)) return fmt::format("a number that is not negative is expected, not '{}'", text);
  const NumberRange all;
  return fmt::format("a number{} is expected, not '{}'", words(least, most, all.least, all.most), text);
}

}  // namespace gradus::tool

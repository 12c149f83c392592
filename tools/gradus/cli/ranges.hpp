// Which numbers an option takes. A range called with the option's text returns what is wrong with it, or "".
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "cli/spec.hpp"

namespace gradus::tool {

struct WholeRange {
  std::int64_t least = std::numeric_limits<std::int64_t>::min(), most = std::numeric_limits<std::int64_t>::max();
  std::string operator()(const std::string& text) const;
};
// From `least` on, without an upper end.
inline WholeRange at_least(std::int64_t least) { return {.least = least}; }

struct NumberRange {
  double least = -std::numeric_limits<double>::infinity(), most = std::numeric_limits<double>::infinity();
  std::string operator()(const std::string& text) const;
};

}  // namespace gradus::tool

// Specs: what one option of the command line says about a network or an optimizer, as in mlp:128,64 and
// sgd:lr=0.1,nesterov.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::tool {

struct Spec {
  std::string name;                    // before the colon
  std::vector<std::string> arguments;  // after it, separated by commas
};

// Throws Stop for a text of more than 4096 bytes.
Spec parse_spec(std::string_view text);

// The parts between commas: one at least, which may be empty.
std::vector<std::string> split_at_commas(std::string_view text);

// The whole text as a number, or none.
std::optional<double> to_number(std::string_view text);
std::optional<std::int64_t> to_integer(std::string_view text);

}  // namespace gradus::tool

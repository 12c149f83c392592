// Parsing of specs and of numbers in options.
#include "cli/spec.hpp"

#include <fmt/format.h>

#include <cmath>

#include "cli/command.hpp"
#include "tensor/number.hpp"

namespace gradus::tool {

std::optional<double> to_number(std::string_view text) {
  const auto value = detail::parse_number(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<std::int64_t> to_integer(std::string_view text) { return detail::parse_integer(text); }

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> parts;
  for (const std::string_view part : detail::split(text)) parts.emplace_back(part);
  return parts;
}

Spec parse_spec(std::string_view text) {
  constexpr std::size_t most_bytes = 4096;
  if (text.size() > most_bytes) {
    throw Stop(usage, fmt::format("{} …: longer than {} bytes", text.substr(0, 40), most_bytes));
  }
  const auto colon = text.find(':');
  Spec spec{std::string(text.substr(0, colon)), {}};
  if (colon != std::string_view::npos) spec.arguments = split_at_commas(text.substr(colon + 1));
  return spec;
}

}  // namespace gradus::tool

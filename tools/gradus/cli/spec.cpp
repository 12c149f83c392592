// Parsing of specs and of numbers in options.
#include "cli/spec.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "cli/command.hpp"

namespace gradus::tool {
namespace {

template <class T>
std::optional<T> parse_all(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<double> to_number(std::string_view text) {
  const auto value = parse_all<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<std::int64_t> to_integer(std::string_view text) { return parse_all<std::int64_t>(text); }

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    const auto comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
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

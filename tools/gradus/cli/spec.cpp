#include "cli/spec.hpp"

#include <charconv>
#include <cmath>

namespace gradus::tool {
namespace {

template <class T>
std::optional<T> whole(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<double> to_number(std::string_view text) {
  const auto value = whole<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<std::int64_t> to_integer(std::string_view text) { return whole<std::int64_t>(text); }

Spec parse_spec(std::string_view text) {
  const auto colon = text.find(':');
  Spec spec{std::string(text.substr(0, colon)), {}};
  if (colon == std::string_view::npos) return spec;
  for (auto rest = text.substr(colon + 1);;) {
    const auto comma = rest.find(',');
    spec.arguments.emplace_back(rest.substr(0, comma));
    if (comma == std::string_view::npos) return spec;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace gradus::tool

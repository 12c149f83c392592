// Texts by the formatting library.
#pragma once

#include <fmt/format.h>

#include <string>

namespace gradus {

// Hidden: a shared library does not show fmt's names.
[[gnu::visibility("hidden")]] std::string format_by(fmt::string_view text, fmt::format_args values);

// fmt::format, compiled once: fmt comes as headers, and every file that called it would compile all of it again.
template <class... T>
[[gnu::visibility("hidden")]] std::string formatted(fmt::format_string<T...> text, T&&... values) {
  return format_by(text, fmt::make_format_args(values...));
}

}  // namespace gradus

// Standard output. A failed write is remembered, not thrown, so that a full disk loses the words and not the work:
// main reports it at the end, with exit code 3.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <string>
#include <string_view>
#include <utility>

namespace gradus::tool {

void write_out(std::string_view text);
void flush_out();

template <class... T>
void print(fmt::format_string<T...> format, T&&... values) {
  write_out(fmt::format(format, std::forward<T>(values)...));
}

// 60,000
template <std::integral T>
std::string grouped(T n) {
  std::string text = std::to_string(n);
  for (auto i = std::ssize(text) - 3; i > 0; i -= 3) text.insert(static_cast<std::size_t>(i), 1, ',');
  return text;
}

// The reason why something written to standard output was lost, or "".
std::string output_trouble();

}  // namespace gradus::tool

// Standard output. A failed write is remembered, not thrown, so that a full disk loses the words and not the work:
// main reports it at the end, with exit code 3.
#pragma once

#include <fmt/format.h>

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

// The reason why something written to standard output was lost, or "".
std::string output_trouble();

}  // namespace gradus::tool

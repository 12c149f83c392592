// Numbers, shapes, rows and names as text for a terminal.
#include "step/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "cli/command.hpp"
#include "tensor/number.hpp"

namespace gradus::tool {

std::string clean(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    // U+0080 … U+009F steer terminals, too: in UTF-8 0xc2 and such a byte.
    const bool wide = c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (c == '\t') {
      out += "    ";
    } else if (c < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", c);
    } else if (wide) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[++i]));
    } else {
      out += text[i];
    }
  }
  return out;
}

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string padded(std::string text, std::size_t columns) {
  const std::size_t have = columns_of(text);
  return have < columns ? text.append(columns - have, ' ') : text;
}

std::string number_text(double x) {
  const double size = std::abs(x);
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return x > 0 ? "inf" : "-inf";
  if (x == std::floor(x) && size < 1e6) return fmt::format("{:.0f}", x == 0 ? 0.0 : x);
  if (size < 1e-3 || size >= 1e5) return fmt::format("{:.2e}", x);
  int decimals = 4;
  for (double limit = 10; limit <= 1000; limit *= 10) decimals -= size >= limit;
  return fmt::format("{:.{}f}", x, decimals);
}

std::string shape_text(const Shape& shape) {
  return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape.begin(), shape.end(), "x"));
}

Rows rows_of(const trace::Numbers& n, int most_rows, int most_columns, std::size_t least_width) {
  if (!n.has_data()) {
    const trace::Stats s = *n.stats;
    return {.lines = {fmt::format("min {}  max {}  mean {}  std {}  norm {}", number_text(s.min), number_text(s.max),
                                  number_text(s.mean), number_text(s.std), number_text(s.norm))}};
  }
  const std::int64_t columns = n.shape.empty() ? 1 : n.shape.back();
  if (n.data.empty()) return {.lines = {"no elements"}};
  const std::int64_t rows = static_cast<std::int64_t>(n.data.size()) / columns;
  const std::int64_t shown = std::min<std::int64_t>(columns, most_columns);
  const std::int64_t last = std::min<std::int64_t>(rows, most_rows);
  std::size_t width = least_width;
  std::vector<std::string> cells;
  for (std::int64_t r = 0; r < last; ++r) {
    for (std::int64_t c = 0; c < shown; ++c) {
      cells.push_back(number_text(n.data[r * columns + c]));
      width = std::max(width, cells.back().size());
    }
  }
  Rows all{.lines = {}, .more = rows - last, .width = width};
  for (std::int64_t r = 0; r < last; ++r) {
    std::string line;
    for (std::int64_t c = 0; c < shown; ++c) {
      line += fmt::format("{}{:>{}}", c ? "  " : "", cells[r * shown + c], width);
    }
    if (shown < columns) line += fmt::format("  … {} more", columns - shown);
    all.lines.push_back(line);
  }
  return all;
}

trace::Stats stats_of(const trace::Numbers& n) {
  if (!n.has_data()) return *n.stats;
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  trace::Stats s{.min = none, .max = none, .mean = none, .std = none, .norm = none};
  double sum = 0, squares = 0;
  std::int64_t finite = 0;
  for (const double x : n.data) {
    s.nan += std::isnan(x);
    s.inf += std::isinf(x);
    s.zero += x == 0;
    if (!std::isfinite(x)) continue;
    s.min = finite ? std::min(s.min, x) : x;
    s.max = finite ? std::max(s.max, x) : x;
    sum += x;
    squares += x * x;
    ++finite;
  }
  if (!finite) return s;
  s.mean = sum / static_cast<double>(finite);
  double spread = 0;
  for (const double x : n.data) spread += std::isfinite(x) ? (x - s.mean) * (x - s.mean) : 0;
  s.std = std::sqrt(spread / static_cast<double>(finite));
  s.norm = std::sqrt(squares);
  return s;
}

namespace {

struct Part {
  std::int64_t first, last;
  bool single;
};

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// One axis: "1", "-1", "0:2", ":".
Part part(std::string_view text, std::int64_t size) {
  const auto bound = [&](std::string_view word, std::int64_t fallback) {
    if (word.empty()) return fallback;
    const auto n = detail::parse_integer(word);
    if (!n)
      throw Stop(usage, fmt::format("'{}' is not a valid index; X[0:2,1] takes rows 0 and 1 of column 1", clean(text)));
    return *n < 0 ? *n + size : *n;
  };
  const std::size_t colon = text.find(':');
  if (colon == text.npos) {
    const std::int64_t at = bound(trimmed(text), -1);
    if (at < 0 || at >= size)
      throw Stop(usage, fmt::format("index {} is out of range for an axis of size {}", clean(trimmed(text)), size));
    return {at, at + 1, true};
  }
  const std::int64_t first = std::clamp<std::int64_t>(bound(trimmed(text.substr(0, colon)), 0), 0, size);
  const std::int64_t last = std::clamp<std::int64_t>(bound(trimmed(text.substr(colon + 1)), size), 0, size);
  return {first, std::max(first, last), false};
}

}  // namespace

trace::Numbers slice(const trace::Numbers& n, std::string_view brackets) {
  if (!n.has_data())
    throw Stop(usage,
               "only statistics of this tensor are in the trace; GRADUS_TRACE_VALUES sets the limit of elements");
  std::string_view inside = brackets.substr(1, brackets.size() - 2);
  std::vector<Part> parts;
  while (!inside.empty() || parts.empty()) {
    const std::size_t comma = std::min(inside.find(','), inside.size());
    if (static_cast<int>(parts.size()) == n.shape.size())
      throw Stop(usage, fmt::format("{} has more indices than the {} axes of {}", clean(brackets), n.shape.size(),
                                    shape_text(n.shape)));
    parts.push_back(part(inside.substr(0, comma), n.shape[static_cast<int>(parts.size())]));
    inside.remove_prefix(std::min(comma + 1, inside.size()));
  }
  for (int axis = static_cast<int>(parts.size()); axis < n.shape.size(); ++axis)
    parts.push_back({0, n.shape[axis], false});
  trace::Numbers out{.dtype = n.dtype};
  for (const Part& p : parts) {
    if (!p.single) out.shape.push_back(p.last - p.first);
  }
  for (std::size_t i = 0; i < n.data.size(); ++i) {  // tensors written out in full are small
    std::int64_t rest = static_cast<std::int64_t>(i);
    bool in = true;
    for (int axis = n.shape.size(); axis-- > 0;) {
      const std::int64_t at = rest % n.shape[axis];
      rest /= n.shape[axis];
      in = in && at >= parts[static_cast<std::size_t>(axis)].first && at < parts[static_cast<std::size_t>(axis)].last;
    }
    if (in) out.data.push_back(n.data[i]);
  }
  return out;
}

}  // namespace gradus::tool

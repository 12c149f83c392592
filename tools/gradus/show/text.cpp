// A report as text: a table where its rows fit into the width, else two lines for each tensor.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "cli/print.hpp"
#include "show/report.hpp"

namespace gradus::tool {
namespace {

// Names come from strangers: what would move the cursor or is not UTF-8 is shown in quotes, with escapes.
std::string printable(const std::string& text) {
  const std::string quoted = fmt::format("{:?}", text);
  return quoted.size() == text.size() + 2 ? text : quoted;
}

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string cut(const std::string& text, std::size_t width) {
  if (width_of(text) <= width) return text;
  std::string start;
  std::size_t seen = 0;
  for (const char c : text) {
    if ((c & 0xc0) != 0x80 && ++seen == width) break;
    start += c;
  }
  return start + "…";
}

std::string left(const std::string& text, std::size_t width) {
  return text + std::string(width - std::min(width, width_of(text)), ' ');
}

std::string right(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, width_of(text)), ' ') + text;
}

std::string in_bytes(std::uint64_t bytes) {
  if (bytes < 10'000) return grouped(bytes) + " bytes";
  double size = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  constexpr const char* units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  for (; size >= 1000 && unit + 1 < std::size(units); ++unit) size /= 1000;
  return fmt::format("{:.3g} {}", size, units[unit]);
}

std::string plural(std::uint64_t n, const char* word) { return grouped(n) + ' ' + word + (n == 1 ? "" : "s"); }

std::string number(double x) { return std::isnan(x) ? "-" : fmt::format("{:.4g}", x); }

std::uint64_t numbers_in(const ShownTensor& t) {
  std::uint64_t count = 1;
  for (const std::uint64_t size : t.shape) count *= size;
  return count;
}

std::string shape_text(const ShownTensor& t) { return fmt::format("({})", fmt::join(t.shape, ", ")); }

constexpr std::size_t columns = 6;
constexpr std::array<const char*, columns> titles{"min", "max", "mean", "std", "norm", "zeros"};

struct Row {
  std::string name, dtype, shape;
  std::array<std::string, columns> cells = {};
  std::string remark = {};  // about the numbers, on a line of its own
  bool one = false;         // a single number: min says it all
};

std::string remark_of(const Statistics& s) {
  std::string text;
  if (s.nan) text = grouped(static_cast<std::uint64_t>(s.nan)) + " NaN";
  if (s.inf) text += (text.empty() ? "" : " and ") + grouped(static_cast<std::uint64_t>(s.inf)) + " infinite";
  return text.empty() ? text : text + ", left out of the other numbers";
}

Row row_of(const ShownTensor& t) {
  Row row{.name = printable(t.name), .dtype = printable(t.dtype), .shape = shape_text(t)};
  if (!t.statistics) {
    row.remark = "its numbers cannot be read here";
    return row;
  }
  const Statistics& s = *t.statistics;
  const bool none = s.count == 0;
  row.cells = {number(s.min), number(s.max),  number(s.mean),
               number(s.std), number(s.norm), none ? "-" : grouped(static_cast<std::uint64_t>(s.zeros))};
  row.remark = remark_of(s);
  row.one = s.count == 1 && row.remark.empty();
  return row;
}

struct Widths {
  std::size_t name = 6, dtype = 5, shape = 5;
  std::array<std::size_t, columns> cells{};

  explicit Widths(const std::vector<Row>& rows) {
    for (std::size_t i = 0; i < columns; ++i) cells[i] = width_of(titles[i]);
    for (const Row& row : rows) {
      name = std::max(name, width_of(row.name));
      dtype = std::max(dtype, width_of(row.dtype));
      shape = std::max(shape, width_of(row.shape));
      for (std::size_t i = 0; i < columns; ++i) cells[i] = std::max(cells[i], width_of(row.cells[i]));
    }
  }
  std::size_t table() const {
    std::size_t sum = name + dtype + shape + 4;
    for (const std::size_t cell : cells) sum += 2 + cell;
    return sum;
  }
};

std::string cells_text(const std::array<std::string, columns>& cells, const Widths& w) {
  std::string text;
  for (std::size_t i = 0; i < columns; ++i) text += "  " + right(cells[i], w.cells[i]);
  return text;
}

std::string trimmed(std::string line) {
  line.resize(line.find_last_not_of(' ') + 1);
  return line + '\n';
}

std::string tensors_text(const std::vector<ShownTensor>& tensors, int width) {
  std::vector<Row> rows;
  for (const ShownTensor& t : tensors) rows.push_back(row_of(t));
  Widths w(rows);
  std::array<std::string, columns> heads;
  std::ranges::copy(titles, heads.begin());
  const auto most = static_cast<std::size_t>(width);
  const bool one_line = w.table() <= most;
  if (!one_line) w.name = std::min(w.name, most - std::min(most, w.dtype + w.shape + 4));
  const auto line = [&](const Row& row) {
    std::string first = left(row.name, w.name) + "  " + left(row.dtype, w.dtype) + "  " + left(row.shape, w.shape);
    const bool has_cells = !row.cells[0].empty();
    if (one_line) return trimmed(first + (has_cells ? cells_text(row.cells, w) : ""));
    if (row.one) return trimmed(first + "  " + row.cells[0]);
    return trimmed(first) + (has_cells ? trimmed("  " + cells_text(row.cells, w)) : "");
  };
  std::string text = line({"tensor", "dtype", "shape", heads});
  for (const Row& row : rows) {
    text += line(row);
    if (!row.remark.empty()) text += "    " + row.remark + '\n';
  }
  return text;
}

std::string listing_text(const Listing& listing, int width) {
  std::size_t longest = 0;
  for (const auto& [name, what] : listing.lines) longest = std::max(longest, width_of(printable(name)));
  longest = std::min<std::size_t>(longest, 40);
  std::string text = "\n" + listing.title + '\n';
  const auto most = static_cast<std::size_t>(width);
  for (const auto& [name, what] : listing.lines)
    text += trimmed(cut("  " + left(printable(name), longest) + "  " + printable(what), most));
  return text;
}

}  // namespace

std::string text_of(const FileReport& r, int width) {
  std::uint64_t numbers = 0;
  for (const ShownTensor& t : r.tensors) numbers += numbers_in(t);
  std::string text = fmt::format("{}: {}, {}", printable(r.path), r.kind, in_bytes(r.bytes));
  if (!r.tensors.empty())
    text += fmt::format(", {}, {}", plural(r.tensors.size(), "tensor"), plural(numbers, "number"));
  text += '\n';
  for (const std::string& note : r.notes) text += "note: " + printable(note) + '\n';
  for (const auto& [what, value] : r.facts) text += cut(fmt::format("{}: {}", what, printable(value)), 1000) + '\n';
  for (const Listing& listing : r.listings) {
    if (!listing.lines.empty()) text += listing_text(listing, width);
  }
  if (!r.tensors.empty()) text += '\n' + tensors_text(r.tensors, width);
  if (!r.metadata.lines.empty()) text += listing_text(r.metadata, width);
  return text;
}

}  // namespace gradus::tool

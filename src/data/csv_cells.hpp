// The cells of a CSV file, line by line, as RFC 4180 has them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/stream.hpp"

namespace gradus::data {

// Lines end in LF, CRLF or CR; blank ones are left out, as is a byte order mark. Cells are trimmed unless they are
// quoted. Only one line is in memory at a time, and a line and its number of cells have a limit.
class CsvCells {
 public:
  static constexpr std::size_t most_bytes = 64 << 20, most_cells = 1'000'000;  // of a line

  CsvCells(io::Stream& in, char separator);

  bool next();  // to the next line that has cells; false at the end
  const std::vector<std::string_view>& cells() const { return cells_; }  // until next()
  std::int64_t line() const { return row_line_; }
  bool last_is_quoted() const { return last_is_quoted_; }

 private:
  struct Place {
    std::size_t begin, size;
  };

  int peek();  // the next byte, or end_of_file
  int take();
  void keep(int c);  // in text_
  bool at_break();
  void line_break();
  void plain();
  void quoted();
  void add_cell(std::size_t begin);

  io::Stream& in_;
  char separator_;
  std::vector<char> buffer_;
  std::size_t at_ = 0, end_ = 0;  // in the buffer
  std::int64_t line_ = 1, row_line_ = 0;
  bool last_is_quoted_ = false;
  std::string text_;           // of the line's cells, one after the other
  std::vector<Place> places_;  // of the cells in the text
  std::vector<std::string_view> cells_;
};

}  // namespace gradus::data

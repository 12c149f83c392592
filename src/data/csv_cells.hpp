// The cells of a CSV file, line by line, as RFC 4180 has them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/file.hpp"

namespace gradus::data {

// Lines end in LF, CRLF or CR; blank ones are left out, as is a byte order mark. Cells are trimmed unless they are
// quoted.
class CsvCells {
 public:
  CsvCells(const io::InputFile& file, char separator);

  bool next();  // to the next line that has cells; false at the end
  const std::vector<std::string_view>& cells() const { return cells_; }
  std::int64_t line() const { return row_line_; }

 private:
  std::string_view plain();
  std::string_view quoted();
  bool at_break() const { return at_ == text_.size() || text_[at_] == '\n' || text_[at_] == '\r'; }
  void line_break();

  const io::InputFile& file_;
  std::string text_;  // the file; quotes are undone in place
  char separator_;
  std::size_t at_ = 0;
  std::int64_t line_ = 1, row_line_ = 0;
  std::vector<std::string_view> cells_;
};

}  // namespace gradus::data

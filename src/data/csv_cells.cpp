#include "data/csv_cells.hpp"

#include "tensor/format.hpp"

namespace gradus::data {

CsvCells::CsvCells(const io::InputFile& file, char separator)
    : file_(file), text_(static_cast<std::size_t>(file.size()), '\0'), separator_(separator) {
  file.read(0, text_.data(), text_.size());
  if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
}

bool CsvCells::next() {
  while (at_ < text_.size() && at_break()) line_break();
  if (at_ == text_.size()) return false;
  row_line_ = line_;
  cells_.clear();
  for (;;) {
    cells_.push_back(at_ < text_.size() && text_[at_] == '"' ? quoted() : plain());
    if (at_break()) break;
    ++at_;  // the separator
  }
  if (at_ < text_.size()) line_break();
  return true;
}

void CsvCells::line_break() {
  at_ += text_.compare(at_, 2, "\r\n") == 0 ? 2 : 1;
  ++line_;
}

std::string_view CsvCells::plain() {
  const std::size_t begin = at_;
  while (!at_break() && text_[at_] != separator_) ++at_;
  std::string_view cell(text_.data() + begin, at_ - begin);
  while (!cell.empty() && (cell.front() == ' ' || cell.front() == '\t')) cell.remove_prefix(1);
  while (!cell.empty() && (cell.back() == ' ' || cell.back() == '\t')) cell.remove_suffix(1);
  return cell;
}

std::string_view CsvCells::quoted() {
  const std::size_t begin = ++at_;
  const std::int64_t opened = line_;
  std::size_t end = begin;
  for (;; ++at_) {
    if (at_ == text_.size()) file_.fail({.wrong = formatted("line {}: a quote that nothing closes", opened)});
    if (text_[at_] == '"' && text_.compare(at_, 2, "\"\"") != 0) break;
    if (text_[at_] == '"') ++at_;
    if (text_[at_] == '\n') ++line_;
    text_[end++] = text_[at_];
  }
  ++at_;
  if (!at_break() && text_[at_] != separator_) {
    file_.fail(
        {.wrong = formatted("line {}: text behind a closing quote", line_),
         .expected = formatted("'{}' or the end of the line; a quote within a cell is written twice", separator_)});
  }
  return {text_.data() + begin, end - begin};
}

}  // namespace gradus::data

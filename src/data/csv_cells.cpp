// Splitting CSV into cells.
#include "data/csv_cells.hpp"

#include "tensor/format.hpp"

namespace gradus::data {
namespace {

constexpr int end_of_file = -1;

}  // namespace

CsvCells::CsvCells(io::Stream& in, char separator) : in_(in), separator_(separator), buffer_(1 << 16) {
  (void)peek();
  const std::string_view start(buffer_.data(), end_);
  if (start.starts_with("\xef\xbb\xbf")) at_ = 3;
}

bool CsvCells::next() {
  while (peek() != end_of_file && at_break()) line_break();
  if (peek() == end_of_file) return false;
  row_line_ = line_;
  text_.clear();
  places_.clear();
  for (;;) {
    last_is_quoted_ = peek() == '"';
    last_is_quoted_ ? quoted() : plain();
    if (at_break()) break;
    take();  // the separator
  }
  if (peek() != end_of_file) line_break();
  cells_.clear();
  for (const Place& p : places_) cells_.emplace_back(text_.data() + p.begin, p.size);
  return true;
}

int CsvCells::peek() {
  if (at_ == end_) {
    at_ = 0;
    end_ = in_.read(buffer_.data(), buffer_.size());
    if (end_ == 0) return end_of_file;
  }
  return static_cast<unsigned char>(buffer_[at_]);
}

int CsvCells::take() {
  const int c = peek();
  ++at_;
  return c;
}

void CsvCells::keep(int c) {
  if (text_.size() == most_bytes) {
    in_.fail({.wrong = formatted("line {}: longer than {} MiB", row_line_, most_bytes >> 20),
              .advice = "a quote that is never closed makes one line of all that follows"});
  }
  text_ += static_cast<char>(c);
}

void CsvCells::add_cell(std::size_t begin) {
  if (places_.size() == most_cells)
    in_.fail({.wrong = formatted("line {}: more than {} cells", row_line_, most_cells)});
  places_.push_back({begin, text_.size() - begin});
}

bool CsvCells::at_break() {
  const int c = peek();
  return c == end_of_file || c == '\n' || c == '\r';
}

void CsvCells::line_break() {
  if (take() == '\r' && peek() == '\n') take();
  ++line_;
}

void CsvCells::plain() {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  const std::size_t begin = text_.size();
  while (!at_break() && peek() != static_cast<unsigned char>(separator_)) {
    const int c = take();
    if (text_.size() > begin || !is_blank(static_cast<char>(c))) keep(c);
  }
  while (text_.size() > begin && is_blank(text_.back())) text_.pop_back();
  add_cell(begin);
}

void CsvCells::quoted() {
  const std::size_t begin = text_.size();
  const std::int64_t opened = line_;
  take();  // the quote
  for (;;) {
    const int c = take();
    if (c == end_of_file) in_.fail({.wrong = formatted("line {}: a quote is never closed", opened)});
    if (c == '"' && peek() != '"') break;
    if (c == '"') take();  // written twice: one quote
    if (c == '\n') ++line_;
    keep(c);
  }
  add_cell(begin);
  if (!at_break() && peek() != static_cast<unsigned char>(separator_)) {
    in_.fail(
        {.wrong = formatted("line {}: text after a closing quote", line_),
         .expected = formatted("'{}' or the end of the line; a quote within a cell is written twice", separator_)});
  }
}

}  // namespace gradus::data

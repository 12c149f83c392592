#include <gradus/data/readers.hpp>

#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include "data/csv_cells.hpp"
#include "tensor/format.hpp"
#include "tensor/make.hpp"

namespace gradus::data {
namespace {

std::optional<double> number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The labels as classes: every word gets the next number when it first appears.
class Classes {
 public:
  std::int64_t add(std::string_view word, std::int64_t line) {
    if (const auto known = numbers_.find(word); known != numbers_.end()) return known->second;
    numbers_.emplace(word, std::ssize(words_));
    words_.emplace_back(word);
    lines_.push_back(line);
    return std::ssize(words_) - 1;
  }

  // Where all words are whole numbers from 0 they stand for themselves: replaces what add has returned and leaves no
  // words. Returns the line of a fraction, if one is there among nothing but numbers.
  std::optional<std::int64_t> settle(std::vector<std::int64_t>& y) {
    std::optional<std::int64_t> fraction;
    bool classes = true;
    std::vector<std::int64_t> meaning;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const auto value = number(words_[i]);
      if (!value) return std::nullopt;
      if (*value != std::trunc(*value) && !fraction) fraction = lines_[i];
      classes = classes && *value >= 0 && *value < 0x1p53;
      meaning.push_back(classes ? static_cast<std::int64_t>(*value) : 0);
    }
    if (fraction || !classes) return fraction;
    for (std::int64_t& label : y) label = meaning[static_cast<std::size_t>(label)];
    words_.clear();
    return std::nullopt;
  }

  std::vector<std::string> words() && { return std::move(words_); }

 private:
  std::map<std::string, std::int64_t, std::less<>> numbers_;
  std::vector<std::string> words_;
  std::vector<std::int64_t> lines_;  // of the first appearance
};

class CsvReader {
 public:
  CsvReader(const io::InputFile& file, const CsvOptions& options, Loc where)
      : file_(file), options_(options), where_(where), cells_(file, options.separator) {}

  Table read() && {
    if (!cells_.next()) file_.fail({.wrong = "is empty"});
    columns_ = cells_.cells().size();
    if (columns_ < 2) {
      fail("a single column: nothing to learn from", {}, "a label and one feature at least", "check .separator");
    }
    label_ = label_column();
    first_line_ = cells_.line();
    Table table;
    bool more = true;
    if (has_header()) {
      for (std::string_view cell : cells_.cells()) names_.emplace_back(cell);
      more = cells_.next();
    }
    if (!more) file_.fail({.wrong = "holds a header line and nothing else"});
    for (; more; more = cells_.next()) row();

    const std::int64_t n = std::ssize(x_) / static_cast<std::int64_t>(columns_ - 1);
    table.x = from(std::span<const float>(x_), {n, static_cast<std::int64_t>(columns_ - 1)}, where_);
    if (options_.classes) {
      if (const auto line = classes_.settle(classes_y_)) {
        file_.fail({.wrong = formatted("line {}, {}: a fraction is no class", *line, column(label_)),
                    .advice = "{.classes = false} for labels that are numbers to be predicted"});
      }
      table.y = from(std::span<const std::int64_t>(classes_y_), {n}, where_);
      table.classes = std::move(classes_).words();
    } else {
      table.y = from(std::span<const float>(numbers_y_), {n}, where_);
    }
    if (!names_.empty()) names_.erase(names_.begin() + static_cast<std::ptrdiff_t>(label_));
    table.columns = std::move(names_);
    return table;
  }

 private:
  void row() {
    const auto& cells = cells_.cells();
    if (cells.size() != columns_) {
      fail("a ragged line", formatted("{} cells", cells.size()), formatted("{}, as in line {}", columns_, first_line_));
    }
    for (std::size_t i = 0; i < columns_; ++i) {
      if (i != label_) {
        x_.push_back(finite(i));
      } else if (options_.classes) {
        classes_y_.push_back(class_label());
      } else {
        numbers_y_.push_back(finite(i));
      }
    }
  }

  float finite(std::size_t i) const {
    const std::string_view cell = cells_.cells()[i];
    const auto value = number(cell);
    if (!value) fail_at(i, cell.empty() ? "an empty cell" : "not a number");
    const auto narrowed = static_cast<float>(*value);
    if (std::isnan(narrowed)) fail_at(i, i == label_ ? "the label is NaN" : "NaN");
    if (std::isinf(narrowed)) fail_at(i, "too large for f32");
    return narrowed;
  }

  std::int64_t class_label() {
    const std::string_view cell = cells_.cells()[label_];
    if (cell.empty()) fail_at(label_, "the label is missing");
    if (const auto value = number(cell); value && !std::isfinite(*value))
      fail_at(label_, "the label is NaN or infinite");
    return classes_.add(cell, cells_.line());
  }

  // By name in the first line, else by number.
  std::size_t label_column() const {
    const auto& first = cells_.cells();
    if (options_.label.empty()) return columns_ - 1;
    const auto place = number(options_.label);
    const bool may_be_name = options_.header == Header::yes || (options_.header == Header::detect && !place);
    std::optional<std::size_t> named;
    for (std::size_t i = 0; i < columns_ && may_be_name; ++i) {
      if (first[i] != options_.label) continue;
      if (named) fail(formatted("two columns have the label's name {:?}", options_.label));
      named = i;
    }
    if (named) return *named;
    const auto count = static_cast<double>(columns_);
    if (place && *place == std::trunc(*place) && *place >= -count && *place < count) {
      return static_cast<std::size_t>(*place < 0 ? *place + count : *place);
    }
    fail(formatted("no column {:?}", options_.label), formatted("{}", fmt::join(first, ", ")),
         formatted("one of these, or a number below {}", columns_));
  }

  bool has_header() const {
    if (options_.header != Header::detect) return options_.header == Header::yes;
    if (cells_.cells()[label_] == options_.label && !number(options_.label)) return true;
    std::size_t words = 0;
    for (std::size_t i = 0; i < columns_; ++i) words += i != label_ && !number(cells_.cells()[i]);
    if (words != 0 && words != columns_ - 1) {
      fail("words and numbers: this may be a header or not", {}, {}, "{.header = Header::yes} or no");
    }
    return words != 0;
  }

  std::string column(std::size_t i) const {
    return names_.empty() ? formatted("column {} (from 0)", i) : formatted("column {:?}", names_[i]);
  }

  [[noreturn]] void fail(std::string wrong, std::string got = {}, std::string expected = {},
                         std::string advice = {}) const {
    file_.fail({.wrong = formatted("line {}: {}", cells_.line(), wrong),
                .got = std::move(got),
                .expected = std::move(expected),
                .advice = std::move(advice)});
  }

  [[noreturn]] void fail_at(std::size_t i, std::string_view wrong) const {
    file_.fail({.wrong = formatted("line {}, {}: {}", cells_.line(), column(i), wrong),
                .got = formatted("{:?}", cells_.cells()[i].substr(0, 60))});
  }

  const io::InputFile& file_;
  const CsvOptions& options_;
  Loc where_;
  CsvCells cells_;
  std::size_t columns_ = 0, label_ = 0;
  std::int64_t first_line_ = 0;
  std::vector<std::string> names_;  // of all columns
  std::vector<float> x_, numbers_y_;
  std::vector<std::int64_t> classes_y_;
  Classes classes_;
};

}  // namespace

Table csv(const std::string& path, CsvOptions options, Loc where) {
  if (std::string_view("\"\n\r").find(options.separator) != std::string_view::npos) {
    throw Error("csv", {.wrong = "no separator can be a quote or the end of a line"}, where);
  }
  const io::InputFile file(path, "csv", where);
  return CsvReader(file, options, where).read();
}

}  // namespace gradus::data

// Reading a CSV file: its shape, its header, and its lines one after the other.
#include <gradus/data/readers.hpp>

#include <algorithm>
#include <cmath>
#include <new>

#include "data/csv_cells.hpp"
#include "data/csv_columns.hpp"
#include "data/csv_number.hpp"
#include "tensor/format.hpp"
#include "tensor/make.hpp"
#include "tensor/number.hpp"

namespace gradus::data {
namespace {

using Line = std::vector<std::string>;

class CsvReader {
 public:
  CsvReader(io::Stream& file, const CsvOptions& options, Loc where)
      : file_(file), options_(options), where_(where), cells_(file, options.separator) {}

  Table read() && {
    if (!cells_.next()) file_.fail({.wrong = "is empty"});
    first_line_ = cells_.line();
    first_.assign(cells_.cells().begin(), cells_.cells().end());
    ends_with_separator_ = first_.size() > 2 && first_.back().empty() && !cells_.last_is_quoted();
    if (ends_with_separator_) first_.pop_back();
    if (first_.size() < 2) {
      fail("a single column: nothing to learn from", {}, "a label and one feature at least", "check .separator");
    }
    label_ = label_column();
    Line second;
    bool more = cells_.next();
    if (more) second.assign(cells_.cells().begin(), cells_.cells().end());
    second.resize(first_.size());
    has_header_ = is_header(second, more);
    if (has_header_ && !more) file_.fail({.wrong = "has a header line and no others"});
    make_columns();
    if (!has_header_) row(first_, first_line_);
    for (; more; more = cells_.next()) row(cells_.cells(), cells_.line());
    return table();
  }

 private:
  template <class Cells>
  void row(const Cells& cells, std::int64_t line) {
    std::size_t size = cells.size();
    if (ends_with_separator_ && size == first_.size() + 1 && cells.back().empty()) --size;
    if (size != first_.size()) {
      fail_in(line, {.wrong = "the number of cells differs",
                     .got = formatted("{}", size),
                     .expected = formatted("{}, as in line {}", first_.size(), first_line_)});
    }
    if (options_.missing == Missing::drop && std::any_of(cells.begin(), cells.begin() + std::ssize(first_), is_missing))
      return;
    std::size_t feature = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::string_view cell = cells[i];
      const FailAtCell fail = [&, i](std::string_view wrong, std::string advice) {
        file_.fail({.wrong = formatted("line {}, {}: {}", line, column(i), wrong),
                    .got = formatted("{:?}", cell.substr(0, 60)),
                    .advice = std::move(advice)});
      };
      if (i == label_) {
        labels_.add(cell, line, fail);
      } else {
        values_.push_back(columns_[feature++].value(cell, fail));
      }
    }
    ++rows_;
  }

  void make_columns() {
    const std::size_t count = first_.size() - 1;
    if (options_.like && options_.like->features.size() != count) {
      file_.fail({.wrong = "the number of features differs",
                  .got = formatted("{}", count),
                  .expected = formatted("{}, as in the other file", options_.like->features.size())});
    }
    columns_.reserve(count);
    for (std::size_t i = 0; i < first_.size(); ++i) {
      if (i == label_) continue;
      const Feature* like = options_.like ? &options_.like->features[columns_.size()] : nullptr;
      const std::string name = has_header_ ? first_[i] : "";
      if (like && !like->name.empty() && has_header_ && like->name != name) {
        fail_in(first_line_, {.wrong = "the features have other names", .got = name, .expected = like->name});
      }
      columns_.emplace_back(options_, numbers_, name, like);
    }
  }

  Table table() {
    if (rows_ == 0) file_.fail({.wrong = "every example has a missing cell, and none is left"});
    Table table;
    if (const auto line = labels_.misplaced_fraction()) {
      file_.fail({.wrong = formatted("line {}, {}: a fraction is not a class", *line, column(label_)),
                  .advice = "{.classes = false} for labels that are numbers to be predicted"});
    }
    table.y = labels_.take(table.classes, where_);
    table.categories = options_.categories;
    std::vector<float> values(rows_);
    for (std::size_t f = 0; f < columns_.size(); ++f) {
      for (std::size_t i = 0; i < rows_; ++i) values[i] = values_[i * columns_.size() + f];
      const std::string wrong = columns_[f].settle(values);
      if (!wrong.empty()) file_.fail({.wrong = formatted("{}: {}", column(f < label_ ? f : f + 1), wrong)});
      for (std::size_t i = 0; i < rows_; ++i) values_[i * columns_.size() + f] = values[i];
      table.features.push_back(columns_[f].feature());
    }
    fill(table);
    return table;
  }

  bool is_one_hot(const Feature& f) const { return options_.categories == Categories::one_hot && !f.words.empty(); }

  // x, one feature after the other, each in one column or in one for each of its words.
  void fill(Table& table) const {
    std::vector<std::string> names;
    for (const Feature& f : table.features) {
      if (!is_one_hot(f)) names.push_back(f.name);
      for (std::size_t k = 0; is_one_hot(f) && k < f.words.size(); ++k)
        names.push_back(formatted("{}={}", f.name, f.words[k]));
    }
    const std::size_t width = names.size();
    table.x = zeros({static_cast<std::int64_t>(rows_), static_cast<std::int64_t>(width)}, f32, where_);
    float* x = detail::data<float>(table.x);
    const float* value = values_.data();
    for (std::size_t i = 0; i < rows_; ++i) {
      for (const Feature& f : table.features) {
        if (is_one_hot(f)) {
          x[static_cast<std::size_t>(*value)] = 1;
          x += f.words.size();
        } else {
          *x++ = *value;
        }
        ++value;
      }
    }
    if (has_header_) table.columns = std::move(names);
  }

  // By name in the first line, else by number.
  std::size_t label_column() const {
    if (options_.label.empty()) return first_.size() - 1;
    const auto place = detail::parse_integer(options_.label);
    const bool may_be_name = options_.header == Header::yes || (options_.header == Header::detect && !place);
    std::optional<std::size_t> named;
    for (std::size_t i = 0; i < first_.size() && may_be_name; ++i) {
      if (first_[i] != options_.label) continue;
      if (named) fail(formatted("two columns have the label's name {:?}", options_.label));
      named = i;
    }
    if (named) return *named;
    const auto count = std::ssize(first_);
    if (place && *place >= -count && *place < count) {
      return static_cast<std::size_t>(*place < 0 ? *place + count : *place);
    }
    fail(formatted("no column {:?}", options_.label), formatted("{}", fmt::join(first_, ", ")),
         formatted("one of these, or a number below {}", first_.size()));
  }

  bool is_word(const std::string& cell) {
    const char* wrong = nullptr;
    return !is_missing(cell) && !numbers_(cell, &wrong) && std::string_view(wrong) != "too large";
  }

  // See Header.
  bool is_header(const Line& second, bool has_second) {
    if (options_.header != Header::detect) return options_.header == Header::yes;
    if (first_[label_] == options_.label && !detail::parse_integer(options_.label)) return true;
    const auto ask = [this](const char* what) {
      fail(formatted("{}: is this line a header?", what), {}, {}, "{.header = Header::yes} or Header::no");
    };
    std::size_t words = 0, alike = 0;
    for (std::size_t i = 0; i < first_.size(); ++i) {
      if (i == label_) continue;
      words += is_word(first_[i]);
      alike += is_word(first_[i]) == is_word(second[i]);
    }
    const std::size_t features = first_.size() - 1;
    if (words == 0) {
      const bool name = is_word(first_[label_]) && has_second && !is_word(second[label_]);
      if (name) ask("numbers, and a word above numbers in the label's column");
      return false;
    }
    const bool same_kinds = has_second && alike == features && options_.categories != Categories::refuse;
    if (words == features) {
      if (same_kinds) ask("words above words");
      return true;
    }
    if (!same_kinds) ask("words and numbers");
    return false;
  }

  std::string column(std::size_t i) const {
    return has_header_ ? formatted("column {:?}", first_[i]) : formatted("column {} (from 0)", i);
  }

  [[noreturn]] void fail_in(std::int64_t line, Complaint complaint) const {
    complaint.wrong = formatted("line {}: {}", line, complaint.wrong);
    file_.fail(std::move(complaint));
  }

  // About the first line.
  [[noreturn]] void fail(std::string wrong, std::string got = {}, std::string expected = {},
                         std::string advice = {}) const {
    fail_in(first_line_, {.wrong = std::move(wrong),
                          .got = std::move(got),
                          .expected = std::move(expected),
                          .advice = std::move(advice)});
  }

  io::Stream& file_;
  const CsvOptions& options_;
  Loc where_;
  CsvCells cells_;
  CellNumbers numbers_{options_.decimal};
  Line first_;  // without an empty cell behind its last separator
  std::int64_t first_line_ = 0;
  std::size_t label_ = 0, rows_ = 0;
  bool has_header_ = false, ends_with_separator_ = false;
  std::vector<FeatureColumn> columns_;
  std::vector<float> values_;  // row by row, before they are settled
  LabelColumn labels_{options_, numbers_};
};

void check(const CsvOptions& options, Loc where) {
  const auto refuse = [where](const char* wrong, const char* expected) {
    throw Error("csv", {.wrong = wrong, .expected = expected}, where);
  };
  if (std::string_view("\"\n\r").find(options.separator) != std::string_view::npos) {
    refuse("the separator is a quote or the end of a line", "another character");
  }
  if (options.decimal != '.' && options.decimal != ',' && options.decimal != 0)
    refuse("the decimal mark is unknown", "'.' or ','");
  if (options.decimal == options.separator) {
    refuse("the separator and the decimal mark are the same", "for example {.separator = ';', .decimal = ','}");
  }
}

}  // namespace

Table csv(const std::string& path, CsvOptions options, Loc where) {
  check(options, where);
  if (options.separator != ';' && options.decimal == 0) options.decimal = '.';
  if (options.like) options.categories = options.like->categories;
  io::Stream file(path, "csv", where);
  try {
    return CsvReader(file, options, where).read();
  } catch (const std::bad_alloc&) { file.fail({.wrong = "does not fit into memory"}); }
}

}  // namespace gradus::data

// Reading a CSV file: its shape, its header, and its lines one after the other.
#include <gradus/data/readers.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <new>
#include <set>

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
    if (first_.size() < 2 && options_.labelled) {
      fail("a single column: nothing to learn from", {}, "a label and one feature at least", "check .separator");
    }
    label_ = options_.labelled ? label_column() : none;
    Line second;
    bool more = cells_.next();
    if (more) second.assign(cells_.cells().begin(), cells_.cells().end());
    second.resize(first_.size());
    has_header_ = is_header(second, more);
    if (has_header_ && !more) file_.fail({.wrong = "has a header line and no others"});
    choose_columns();
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
    const auto is_used_and_missing = [&](std::size_t i) { return is_used(i) && is_missing(cells[i]); };
    for (std::size_t i = 0; i < size && options_.missing == Missing::drop; ++i) {
      if (is_used_and_missing(i)) return;
    }
    const std::size_t begin = values_.size();
    values_.resize(begin + columns_.size());
    for (std::size_t i = 0; i < size; ++i) {
      if (!is_used(i)) continue;
      const std::string_view cell = cells[i];
      const FailAtCell fail = [&, i](std::string_view wrong, std::string advice) {
        file_.fail({.wrong = formatted("line {}, {}: {}", line, column(i), wrong),
                    .got = formatted("{:?}", cell.substr(0, 60)),
                    .advice = std::move(advice)});
      };
      if (i == label_) {
        labels_.add(cell, line, fail);
      } else {
        values_[begin + feature_of_[i]] = columns_[feature_of_[i]].value(cell, fail);
      }
    }
    ++rows_;
  }

  bool is_used(std::size_t i) const { return i == label_ || feature_of_[i] != none; }

  // Which columns are features, and which ones.
  void choose_columns() {
    feature_of_.assign(first_.size(), none);
    if (has_header_ && like_has_names()) {
      choose_by_name();
    } else {
      choose_by_place();
    }
    columns_.reserve(column_of_.size());
    for (std::size_t f = 0; f < column_of_.size(); ++f) {
      feature_of_[column_of_[f]] = f;
      const Feature* like = options_.like ? &options_.like->features[f] : nullptr;
      columns_.emplace_back(options_, numbers_, has_header_ ? first_[column_of_[f]] : "", like);
    }
  }

  bool like_has_names() const {
    const auto has_name = [](const Feature& f) { return !f.name.empty(); };
    return options_.like && std::ranges::any_of(options_.like->features, has_name);
  }

  // Columns of one name keep their order.
  void choose_by_name() {
    std::multimap<std::string_view, std::size_t> places;  // equal keys stay in the order of the file
    for (std::size_t i = 0; i < first_.size(); ++i)
      if (i != label_) places.emplace(first_[i], i);
    std::map<std::string_view, std::size_t> wanted;
    for (const Feature& f : options_.like->features) ++wanted[f.name];
    for (const Feature& f : options_.like->features) {
      const auto place = places.find(f.name);
      if (place == places.end()) fail_by_name(formatted("no column {:?}, which the other file has", f.name));
      column_of_.push_back(place->second);
      places.erase(place);
      if (--wanted[f.name] == 0 && places.contains(f.name))
        fail_by_name(formatted("more columns have the name {:?} than in the other file", f.name));
    }
  }

  void choose_by_place() {
    for (std::size_t i = 0; i < first_.size(); ++i)
      if (i != label_) column_of_.push_back(i);
    if (!options_.like) return;
    const std::size_t wanted = options_.like->features.size();
    const auto label = detail::parse_integer(options_.like->label);  // its place, if the other file has no names
    if (!options_.labelled && label && *label >= 0 && column_of_.size() == wanted + 1) {
      std::erase(column_of_, static_cast<std::size_t>(*label));
    }
    if (column_of_.size() == wanted) return;
    file_.fail({.wrong = "the number of features differs",
                .got = formatted("{}", column_of_.size()),
                .expected = formatted("{}, as in the other file", wanted)});
  }

  Table table() {
    if (rows_ == 0) file_.fail({.wrong = "every example has a missing cell, and none is left"});
    Table table;
    if (const auto line = labels_.misplaced_fraction()) {
      file_.fail({.wrong = formatted("line {}, {}: a fraction is not a class", *line, column(label_)),
                  .advice = "{.classes = false} for labels that are numbers to be predicted"});
    }
    if (options_.labelled) table.y = labels_.take(table.classes, where_);
    if (options_.like && !options_.labelled) table.classes = options_.like->classes;
    table.categories = options_.categories;
    table.missing = options_.missing;
    if (options_.labelled) table.label = has_header_ ? first_[label_] : formatted("{}", label_);
    std::vector<float> values(rows_);
    for (std::size_t f = 0; f < columns_.size(); ++f) {
      for (std::size_t i = 0; i < rows_; ++i) values[i] = values_[i * columns_.size() + f];
      const std::string wrong = columns_[f].settle(values);
      if (!wrong.empty()) file_.fail({.wrong = formatted("{}: {}", column(column_of_[f]), wrong)});
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
    if (has_all_names()) return true;
    if (options_.labelled && first_[label_] == options_.label && !detail::parse_integer(options_.label)) return true;
    const auto ask = [this](const char* what) {
      fail(formatted("{}: is this line a header?", what), {}, {}, "{.header = Header::yes} or Header::no");
    };
    std::size_t words = 0, alike = 0;
    for (std::size_t i = 0; i < first_.size(); ++i) {
      if (i == label_) continue;
      words += is_word(first_[i]);
      alike += is_word(first_[i]) == is_word(second[i]);
    }
    const std::size_t features = first_.size() - (options_.labelled ? 1 : 0);
    if (words == 0) {
      const bool name = options_.labelled && is_word(first_[label_]) && has_second && !is_word(second[label_]);
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

  // Every name of the other file stands in the first line.
  bool has_all_names() const {
    const std::set<std::string_view> line(first_.begin(), first_.end());
    const auto stands = [&line](const Feature& f) { return line.contains(f.name); };
    return like_has_names() && std::ranges::all_of(options_.like->features, stands);
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

  [[noreturn]] void fail_by_name(std::string wrong) const {
    fail(std::move(wrong), formatted("{}", fmt::join(first_, ", ")), {},
         "{.header = Header::no} takes columns by their places");
  }

  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  io::Stream& file_;
  const CsvOptions& options_;
  Loc where_;
  CsvCells cells_;
  CellNumbers numbers_{options_.decimal};
  Line first_;  // without an empty cell behind its last separator
  std::int64_t first_line_ = 0;
  std::size_t label_ = 0, rows_ = 0;
  bool has_header_ = false, ends_with_separator_ = false;
  std::vector<FeatureColumn> columns_;   // the features
  std::vector<std::size_t> column_of_;   // of each feature, in the file
  std::vector<std::size_t> feature_of_;  // of each column of the file; none: it is not read, or is the label
  std::vector<float> values_;            // row by row, before they are settled
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
  if (options.like) {
    options.categories = options.like->categories;
    if (options.missing == Missing::refuse) options.missing = options.like->missing;
    if (options.label.empty() && options.labelled) options.label = options.like->label;
  }
  io::Stream file(path, "csv", where);
  try {
    return CsvReader(file, options, where).read();
  } catch (const std::bad_alloc&) { file.fail({.wrong = "does not fit into memory"}); }
}

}  // namespace gradus::data

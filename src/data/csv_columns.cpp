// Cells become numbers: column by column.
#include "data/csv_columns.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tensor/format.hpp"
#include "tensor/make.hpp"
#include "tensor/number.hpp"

namespace gradus::data {
namespace {

constexpr float not_there = std::numeric_limits<float>::quiet_NaN();
constexpr std::size_t most_one_hot = 1000, most_words = 1 << 24;  // f32 counts no further

float finite(std::string_view cell, CellNumbers& numbers, const FailAtCell& fail) {
  const char* wrong = nullptr;
  const auto value = numbers(cell, &wrong);
  if (!value) fail(wrong, "");
  if (std::isnan(*value)) fail("NaN", "");
  if (std::isinf(*value)) fail("infinite", "");
  const auto narrowed = static_cast<float>(*value);
  if (std::isinf(narrowed)) fail("too large for f32", "");
  return narrowed;
}

}  // namespace

FeatureColumn::FeatureColumn(const CsvOptions& options, CellNumbers& numbers, std::string name, const Feature* like)
    : options_(options), cell_numbers_(numbers), has_like_(like) {
  if (like) {
    feature_ = *like;
    kind_ = feature_.words.empty() ? Kind::numbers : Kind::words;
    words_ = Words(feature_.words);
  }
  feature_.name = std::move(name);
}

float FeatureColumn::value(std::string_view cell, const FailAtCell& fail) {
  if (is_missing(cell)) {
    if (options_.missing == Missing::refuse) {
      fail(cell.empty() ? "an empty cell" : "a missing value",
           "{.missing = Missing::drop} leaves the example out, {.missing = Missing::mean} fills the cell");
    }
    if (has_like_ && kind_ == Kind::words && !words_.add("")) {
      fail("a cell is missing, and the other file has none missing in this column", "");
    }
    return not_there;
  }
  if (kind_ == Kind::unknown) {
    const char* wrong = nullptr;
    const bool is_number = cell_numbers_(cell, &wrong) || std::string_view(wrong) == "too large";
    kind_ = is_number || options_.categories == Categories::refuse ? Kind::numbers : Kind::words;
  }
  if (kind_ == Kind::numbers) {
    return finite(cell, cell_numbers_, [&](std::string_view wrong, std::string) {
      const bool word = wrong == "not a number" && options_.categories == Categories::refuse && !has_like_;
      fail(wrong, word ? "{.categories = Categories::one_hot} or index, if the column holds words" : "");
    });
  }
  const auto number = words_.add(cell);
  if (!number) fail("a word that the other file lacks", "");
  const std::size_t most = options_.categories == Categories::one_hot ? most_one_hot : most_words;
  if (words_.size() > most) fail(formatted("more than {} different words in this column", most), "");
  return static_cast<float>(*number);
}

std::string FeatureColumn::settle(std::span<float> values) {
  const auto missing = [](float v) { return std::isnan(v); };
  if (kind_ == Kind::words) {
    float empty_word = not_there;
    if (std::ranges::any_of(values, missing)) {
      empty_word = static_cast<float>(words_.add("").value());  // value() has checked it
    }
    auto [words, number] = words_.sorted();
    for (float& v : values) v = static_cast<float>(number[static_cast<std::size_t>(missing(v) ? empty_word : v)]);
    feature_.words = std::move(words);
    return "";
  }
  if (!has_like_) {
    double sum = 0, count = 0;
    for (const float v : values) {
      if (missing(v)) continue;
      sum += v;
      ++count;
    }
    if (count == 0) return "all cells are missing";
    feature_.mean = sum / count;
  }
  std::ranges::replace_if(values, missing, static_cast<float>(feature_.mean));
  return "";
}

LabelColumn::LabelColumn(const CsvOptions& options, CellNumbers& numbers) : options_(options), cell_numbers_(numbers) {
  if (has_known_classes()) words_ = Words(options.like->classes);
}

void LabelColumn::add(std::string_view cell, std::int64_t line, const FailAtCell& fail) {
  if (cell.empty() || (is_missing(cell) && options_.classes != true)) fail("the label is missing", "");
  if (options_.classes == false) {
    numbers_.push_back(finite(cell, cell_numbers_, fail));
    return;
  }
  if (const auto value = cell_numbers_(cell); value && !std::isfinite(*value)) fail("the label is NaN or infinite", "");
  if (options_.like && !has_known_classes() && !is_class_number(cell)) {
    fail("not a class number, as the labels of the other file are", "");
  }
  const auto number = words_.add(cell);
  if (!number) fail("a class that the other file lacks", "");
  if (words_.size() > lines_.size()) lines_.push_back(line);
  classes_.push_back(*number);
}

std::optional<std::int64_t> LabelColumn::first_fraction() {
  std::optional<std::int64_t> line;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    const auto value = cell_numbers_(words_[i]);
    if (!value) return std::nullopt;
    if (*value != std::trunc(*value) && !line) line = lines_[i];
  }
  return line;
}

std::optional<std::int64_t> LabelColumn::misplaced_fraction() {
  return options_.classes == true && !has_known_classes() ? first_fraction() : std::nullopt;
}

Tensor LabelColumn::take(std::vector<std::string>& classes, Loc where) {
  const auto tensor_of = [where]<class T>(const std::vector<T>& list) {
    Tensor y = detail::make({std::ssize(list)}, detail::dtype_of<T>(), "csv", where);
    std::ranges::copy(list, detail::data<T>(y));
    return y;
  };
  const auto index = [](std::int64_t i) { return static_cast<std::size_t>(i); };
  if (!options_.classes && !has_known_classes() && first_fraction()) {
    for (const std::int64_t c : classes_) numbers_.push_back(static_cast<float>(*cell_numbers_(words_[index(c)])));
  }
  if (!numbers_.empty()) return tensor_of(numbers_);
  bool stand_for_themselves = !has_known_classes();
  for (std::size_t i = 0; i < words_.size(); ++i) {
    stand_for_themselves = stand_for_themselves && is_class_number(words_[i]);
  }
  std::vector<std::int64_t> number;
  if (stand_for_themselves) {
    for (std::size_t i = 0; i < words_.size(); ++i)
      number.push_back(static_cast<std::int64_t>(*detail::parse_number(words_[i])));
  } else {
    auto sorted = words_.sorted();
    number = std::move(sorted.number);
    classes = std::move(sorted.words);
  }
  for (std::int64_t& c : classes_) c = number[index(c)];
  return tensor_of(classes_);
}

}  // namespace gradus::data

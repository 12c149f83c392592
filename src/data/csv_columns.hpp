// The columns of a CSV file while its lines are read: features of numbers or of words, and the label.
#pragma once

#include <gradus/data/readers.hpp>

#include <functional>
#include <span>

#include "data/csv_number.hpp"
#include "data/csv_words.hpp"

namespace gradus::data {

// Throws about the cell under work: what is wrong with it, and what to do.
using FailAtCell = std::function<void(std::string_view wrong, std::string advice)>;

class FeatureColumn {
 public:
  FeatureColumn(const CsvOptions& options, CellNumbers& numbers, std::string name, const Feature* like);

  // A number, a word's provisional number, or NaN where the cell is missing.
  float value(std::string_view cell, const FailAtCell& fail);
  // Final values in place: words by their sorted numbers, means where numbers were missing. `values` has one per line.
  // Returns what is wrong, or "".
  std::string settle(std::span<float> values);
  const Feature& feature() const { return feature_; }

 private:
  enum class Kind { unknown, numbers, words };

  const CsvOptions& options_;
  CellNumbers& cell_numbers_;
  const bool has_like_;
  Kind kind_ = Kind::unknown;
  Feature feature_;
  Words words_;
};

class LabelColumn {
 public:
  LabelColumn(const CsvOptions& options, CellNumbers& numbers);

  void add(std::string_view cell, std::int64_t line, const FailAtCell& fail);
  // The line of a fraction among labels that are all numbers and yet should be classes.
  std::optional<std::int64_t> misplaced_fraction();
  // y, and the names of its classes, which stay empty where labels stand for themselves.
  Tensor take(std::vector<std::string>& classes, Loc where);

 private:
  std::optional<std::int64_t> first_fraction();  // its line, if all labels are numbers
  bool has_known_classes() const { return options_.like && !options_.like->classes.empty(); }

  const CsvOptions& options_;
  CellNumbers& cell_numbers_;
  Words words_;
  std::vector<std::int64_t> lines_;  // of each word's first appearance
  std::vector<std::int64_t> classes_;
  std::vector<float> numbers_;
};

}  // namespace gradus::data

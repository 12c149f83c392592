// The data sets that gradus train knows, CSV files, and NumPy archives with arrays x and y.
#pragma once

#include <gradus/gradus.hpp>

#include <optional>
#include <string>
#include <vector>

namespace gradus::tool {

struct DataOptions {
  std::string data = "digits";  // digits, mnist, fashion, a CSV or .npz file; "-": CSV from standard input
  std::string directory;        // of mnist and fashion
  // Of a CSV file; empty: not given.
  std::string label, separator, header, decimal, missing, categories, task;
};

// The examples of a task: numbers, or images that stay bytes until a batch needs them.
class Examples {
 public:
  Examples() = default;
  Examples(data::Dataset numbers) : numbers_(std::move(numbers)), y(numbers_.y) {}
  Examples(data::Images images) : images_(std::move(images)), y(images_.y) {}

  std::int64_t size() const { return y.size(0); }
  Shape shape() const;             // of one example
  void reshape(const Shape& one);  // to another of as many numbers
  data::Batches batches(data::BatchOptions options) const;
  data::Dataset dataset() const { return images_.size() > 0 ? images_.dataset() : numbers_; }
  nn::Standardize standardize(bool by_column) const;  // with the statistics of each column, or of all numbers

 private:
  data::Dataset numbers_;
  data::Images images_;

 public:
  Tensor y;
};

struct Task {
  Examples train, test;
  std::string name;
  std::int64_t classes = 0;
  std::optional<Shape> image;  // (C, H, W) if that is what examples are
  bool regression = false;     // numbers are to be predicted, not classes
  data::Encoding encoding;     // of a CSV file: how cells became numbers

  std::int64_t features() const { return train.shape().numel(); }
};

// How the options say that a CSV file is to be read. Throws Stop for a separator that is none.
data::CsvOptions csv_options(const DataOptions& options);

// The library's advice is for programs: in its place the options of the command line.
std::string advice_for_users(std::string advice);

// A fifth of the examples set aside, the same in every run.
data::Split held_out(const data::Dataset& all);

// Throws Stop for a bare word that names no file: it is a misspelt set. `option` stands before it in the message.
void refuse_unknown(const std::string& data, const char* option = "--data ");

// Whether --data means a file: it is no set that is known by name.
bool is_file(const std::string& data);

// Throws Stop for a set that does not exist, and with exit code 3 for a file that cannot be read.
Task load_task(const DataOptions& options);

}  // namespace gradus::tool

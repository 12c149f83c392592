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

struct Task : data::Split {
  std::string name;
  std::int64_t classes = 0;
  std::optional<Shape> image;  // (C, H, W) if that is what examples are
  bool regression = false;     // numbers are to be predicted, not classes
  data::Encoding encoding;     // of a CSV file: how cells became numbers

  std::int64_t features() const { return train.x.numel() / train.size(); }
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

// The data sets that gradus train knows, and CSV files.
#pragma once

#include <gradus/data/data.hpp>

#include <optional>
#include <string>
#include <vector>

namespace gradus::tool {

struct DataOptions {
  std::string data = "digits";           // digits, mnist, fashion or a CSV file
  std::string directory;                 // of mnist and fashion
  std::string label, separator, header;  // of a CSV file
};

struct Task : data::Split {
  std::string name;
  std::int64_t classes = 0;
  std::vector<std::string> class_names;  // empty: they are numbers
  std::optional<Shape> image;            // (C, H, W) if that is what examples are

  std::int64_t features() const { return train.x.numel() / train.size(); }
};

// Whether --data means a file: it is no set that is known by name.
bool is_file(const std::string& data);

// Throws Stop for a set that does not exist, and with exit code 3 for a file that cannot be read.
Task load_task(const DataOptions& options);

}  // namespace gradus::tool

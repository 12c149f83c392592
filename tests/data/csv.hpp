// Reads a CSV file with this text.
#pragma once

#include <gradus/data/readers.hpp>

#include "support.hpp"

namespace csv_text {

using Numbers = std::vector<double>;

inline gradus::data::Table read(const std::string& text, gradus::data::CsvOptions options = {}) {
  const support::TempDir dir;
  return gradus::data::csv(support::write(dir / "t.csv", text), std::move(options));
}

inline std::string refused(const std::string& text, gradus::data::CsvOptions options = {}) {
  return support::message([&] { read(text, std::move(options)); });
}

}  // namespace csv_text

#define CHECK_REFUSED(arguments, ...) CHECK_PARTS(refused arguments, __VA_ARGS__)

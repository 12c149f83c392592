// The first bytes choose options, the others are a CSV file, compressed or not. What is read is finite and numbered.
#include <gradus/data/readers.hpp>

#include <cmath>

#include "input.hpp"

using namespace gradus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  data::CsvOptions options{.header = static_cast<data::Header>(data[0] % 3),
                           .separator = ",;\t "[data[0] / 3 % 4],
                           .missing = static_cast<data::Missing>(data[0] / 12 % 3),
                           .categories = static_cast<data::Categories>(data[0] / 36 % 3)};
  constexpr const char* labels[] = {"", "0", "-1", "y"};
  options.label = labels[data[1] % 4];
  if (data[1] & 4) options.classes = data[1] & 8 ? std::optional<bool>(false) : std::nullopt;
  if (data[1] & 16) options.decimal = ',';
  const fuzz::File file(data + 2, size - 2);
  try {
    const data::Table t = data::csv(file.path(), options);
    fuzz::require(t.x.size(0) == t.y.size(0) && t.size() > 0);
    for (const double v : t.x.to_vector()) fuzz::require(std::isfinite(v));
    const auto classes = static_cast<double>(t.classes.size());
    for (const double v : t.y.to_vector()) fuzz::require(std::isfinite(v) && (t.classes.empty() || v < classes));
    options.like = t;
    (void)data::csv(file.path(), options);  // the same file means the same
  } catch (const Error&) {}
  return 0;
}

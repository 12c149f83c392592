// Options of an optimizer as JSON, and metrics by name.
#include <fmt/format.h>

#include <gradus/train/monitor.hpp>

#include "study/trace/json.hpp"

namespace gradus::train {

double find(const Metrics& metrics, std::string_view name) {
  for (const auto& [key, value] : metrics) {
    if (key == name) return value;
  }
  return Progress::unknown;
}

namespace detail {

void OptionTexts::operator()(std::string_view name, double value) { all.emplace_back(name, study::json_number(value)); }
void OptionTexts::operator()(std::string_view name, std::int64_t value) {
  all.emplace_back(name, std::to_string(value));
}
void OptionTexts::operator()(std::string_view name, bool value) { all.emplace_back(name, value ? "true" : "false"); }
void OptionTexts::operator()(std::string_view name, const std::array<double, 2>& value) {
  all.emplace_back(name, fmt::format("[{},{}]", study::json_number(value[0]), study::json_number(value[1])));
}

}  // namespace detail

}  // namespace gradus::train

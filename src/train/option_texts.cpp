// Options of an optimizer as JSON, and metrics by name.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include <gradus/train/monitor.hpp>

#include "study/trace/json.hpp"
#include "tensor/number.hpp"
#include "train/run_log.hpp"

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

namespace {

// The names of options that are true or false: their texts are 1 or 0.
bool is_flag(std::string_view name) {
  static constexpr std::array<std::string_view, 7> all{
      "amsgrad",  "centered", "decoupled_weight_decay", "eps_before_correction", "eps_inside_root",
      "maximize", "nesterov"};
  return std::find(all.begin(), all.end(), name) != all.end();
}

// "0.9" and "0.9/0.999" as JSON; what is no number as a text.
std::string json_of(std::string_view name, const std::string& text) {
  if (is_flag(name)) return text == "0" ? "false" : "true";
  std::string json;
  for (const std::string_view part : gradus::detail::split(text, '/')) {
    const auto number = gradus::detail::parse_number(part);
    if (!number) return study::json_string(text);
    json += (json.empty() ? "" : ",") + study::json_number(*number);
  }
  return text.find('/') == text.npos ? json : '[' + json + ']';
}

}  // namespace

std::vector<detail::OptionTexts> with_all_options(std::vector<detail::OptionTexts> groups,
                                                  const optim::OptimizerBase& optimizer) {
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto texts = optimizer.option_texts(g);
    if (groups[g].all.size() >= texts.size()) continue;
    groups[g].all.clear();
    for (const auto& [name, text] : texts) groups[g].all.emplace_back(name, json_of(name, text));
  }
  return groups;
}

}  // namespace gradus::train

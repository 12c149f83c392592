// The charts as data for the script of the page.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "report/charts.hpp"

namespace gradus::tool {
namespace {

using Json = nlohmann::ordered_json;

// In a script element: '<' could end it.
std::string quoted(const std::string& text) {
  std::string json = nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  for (std::size_t at = 0; (at = json.find('<', at)) != json.npos; at += 6) json.replace(at, 1, "\\u003c");
  return json;
}

// More digits than a picture shows would only make the page larger.
std::string list(const std::vector<double>& values, const char* format) {
  std::string text = "[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += ',';
    text += fmt::format(fmt::runtime(format), values[i]);
  }
  return text + ']';
}

std::string json(const Curve& c) {
  const Series& s = c.series;
  std::string text = fmt::format("{{\"run\":{},\"label\":{},\"step\":{},\"mean\":{}", c.run, quoted(c.label),
                                 list(s.step, "{:.10g}"), list(s.mean, "{:.5g}"));
  if (s.low != s.high) text += fmt::format(",\"low\":{},\"high\":{}", list(s.low, "{:.4g}"), list(s.high, "{:.4g}"));
  if (!std::isnan(c.depth)) text += fmt::format(",\"depth\":{}", std::lround(9 * c.depth));
  if (c.dots) text += ",\"dots\":true";
  if (c.smoothed) text += ",\"smoothed\":true";
  if (s.missing > 0) text += fmt::format(",\"missing\":{}", s.first_missing);
  return text + '}';
}

std::string json(const std::vector<Chart>& charts) {
  std::string text = "[";
  for (const Chart& c : charts) {
    if (text.size() > 1) text += ",\n";
    text += fmt::format("{{\"title\":{},\"log\":{},\"share\":{}", quoted(c.title), c.logarithmic, c.share);
    if (!std::isnan(c.guide)) text += fmt::format(",\"guide\":{}", c.guide);
    text += ",\"curves\":[";
    for (std::size_t i = 0; i < c.curves.size(); ++i) text += (i > 0 ? "," : "") + json(c.curves[i]);
    text += "]}";
  }
  return text + ']';
}

}  // namespace

std::string json(const Charts& all, const std::vector<Run>& runs) {
  std::string names;
  std::string marks;
  std::string own;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    names += (r > 0 ? "," : "") + quoted(runs[r].name);
    own += (r > 0 ? "," : "") + json(all.of_run[r]);
    for (const Finding& f : findings(runs[r])) {
      marks += fmt::format("{}{{\"run\":{},\"step\":{},\"code\":{}}}", marks.empty() ? "" : ",", r, f.first->step,
                           quoted(f.first->code));
    }
  }
  return fmt::format("{{\"runs\":[{}],\"marks\":[{}],\"common\":{},\"own\":[{}]}}", names, marks, json(all.common),
                     own);
}

}  // namespace gradus::tool

#include "trace/names.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

namespace gradus::tool {
namespace {

using Json = nlohmann::json;

// Only lines with names are parsed again.
void add(ResultNames& to, const std::string& line) {
  const Json e = Json::parse(line, nullptr, false);
  if (!e.is_object() || e.value("ev", Json()) != "op") return;
  const Json tape = e.value("tape", Json());
  const Json inputs = e.value("inputs", Json());
  const Json names = e.value("names", Json());
  if (!tape.is_number_integer() || !inputs.is_array() || !names.is_array()) return;
  for (std::size_t k = 0; k < std::min(inputs.size(), names.size()); ++k) {
    if (!inputs[k].is_number_integer() || !names[k].is_string() || names[k] == "") continue;
    to[{tape.get<int>(), inputs[k].get<int>()}] = names[k].get<std::string>();
  }
}

}  // namespace

ResultNames result_names(const trace::File& file) {
  ResultNames names;
  std::ifstream in(file.path, std::ios::binary);
  std::string line;
  for (std::size_t n = 1; n <= file.last_line && std::getline(in, line); ++n) {
    if (line.find("\"names\":[") != line.npos) add(names, line);
  }
  return names;
}

std::string name_of(const ResultNames& names, int tape, int node) {
  const auto found = names.find({tape, node});
  return found == names.end() ? "" : found->second;
}

}  // namespace gradus::tool

// Reads JSON Lines of several processes; src/train/DIAGNOSES.md describes them.
#include "doctor/findings.hpp"

#include <algorithm>
#include <fstream>
#include <map>

namespace gradus::tool {

using Json = nlohmann::json;

namespace {

constexpr std::size_t most = 64u << 20;  // bytes: more is not of a doctor

std::string text(const Json& line, const char* name) {
  const auto at = line.find(name);
  return at != line.end() && at->is_string() ? at->get<std::string>() : "";
}

std::int64_t number(const Json& line, const char* name) {
  const auto at = line.find(name);
  return at != line.end() && at->is_number_integer() ? at->get<std::int64_t>() : 0;
}

}  // namespace

Findings read_findings(const std::string& path) {
  Findings f;
  std::map<std::int64_t, std::string> programs;
  std::ifstream in(path, std::ios::binary);
  std::size_t read = 0;
  for (std::string line; std::getline(in, line) && read < most; read += line.size()) {
    const Json j = Json::parse(line, nullptr, false);
    if (!j.is_object()) continue;
    const std::string kind = text(j, "ev");
    const std::int64_t process = number(j, "pid");
    if (kind == "doctor") {
      f.any = true;
      programs[process] = text(j, "program");
    }
    if (kind != "so_far" && kind != "verdict") continue;
    const std::int64_t n = number(j, "number");
    auto at = std::find_if(f.patients.begin(), f.patients.end(),
                           [&](const Patient& p) { return p.process == process && p.number == n && !p.ended; });
    if (at == f.patients.end()) {
      f.patients.emplace_back();
      at = f.patients.end() - 1;
      at->process = process;
      at->number = n;
    }
    at->program = programs[process];
    at->optimizer = text(j, "optimizer");
    at->steps = number(j, "steps");
    at->ended = kind == "verdict";
    at->diagnoses.clear();
    const auto list = j.find("diagnoses");
    if (list == j.end() || !list->is_array()) continue;
    for (const Json& d : *list) {
      if (d.is_object()) at->diagnoses.push_back(d);
    }
  }
  return f;
}

}  // namespace gradus::tool

// Reads a trace as JSON, and runs the programs that write one.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <gradus/gradus.hpp>

#include "support.hpp"

namespace traced {

using Json = nlohmann::json;

// Every line of a file; one that cannot be parsed fails the test.
inline std::vector<Json> events(const std::string& path) {
  std::vector<Json> all;
  std::istringstream in(support::read(path));
  for (std::string line; std::getline(in, line);) {
    Json json = Json::parse(line, nullptr, false);
    INFO(line.substr(0, 200));
    REQUIRE(!json.is_discarded());
    all.push_back(std::move(json));
  }
  return all;
}

inline std::vector<Json> of(const std::vector<Json>& all, const std::string& kind) {
  std::vector<Json> some;
  for (const Json& e : all)
    if (e["ev"] == kind) some.push_back(e);
  return some;
}

inline double number(const Json& j) {
  if (j.is_number()) return j.get<double>();
  return j == "nan" ? std::numeric_limits<double>::quiet_NaN() : j == "inf" ? HUGE_VAL : -HUGE_VAL;
}

inline std::vector<double> numbers(const Json& tensor) {
  std::vector<double> v;
  for (const Json& j : tensor["data"])
    v.push_back(tensor["dtype"] == "f32" ? static_cast<double>(static_cast<float>(number(j))) : number(j));
  return v;
}

// Traces `body`, and returns what is in the file.
inline std::vector<Json> trace_of(const std::function<void()>& body, const gradus::study::TraceOptions& options = {}) {
  const support::TempDir dir;
  const std::string path = dir / "t.jsonl";
  {
    const gradus::study::Trace trace(path, options);
    body();
  }
  return events(path);
}

// Runs `body` in a process of its own. Returns its wait status; what it wrote to stderr in `said`.
inline int in_child(const std::function<void()>& body, std::string* said = nullptr) {
  const support::TempDir dir;
  const std::string err = dir / "err";
  const pid_t child = ::fork();
  if (child == 0) {
    if (!std::freopen(err.c_str(), "w", stderr)) ::_exit(99);
    ::alarm(60);
    body();
    std::fflush(nullptr);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (said) *said = support::read(err);
  return status;
}

}  // namespace traced

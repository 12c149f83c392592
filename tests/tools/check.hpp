// Runs gradus check on changed copies of the sample trace.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "study/traced.hpp"
#include "tools/run.hpp"

namespace checked {

using traced::Json;

inline const std::string sample = GRADUS_TEST_DIR "/study/sample.trace.jsonl";

inline std::vector<Json> sample_events() { return traced::events(sample); }

inline std::string text_of(const std::vector<Json>& all) {
  std::string text;
  for (const Json& e : all) text += e.dump() + "\n";
  return text;
}

// What gradus check says of a trace.
inline support::Ran check(const std::string& text) {
  const support::Program gradus;
  support::write(gradus.file("t.jsonl"), text);
  return gradus("check t.jsonl");
}

// A trace of short lines that ask for much: 20,000 times the sum of 490,000 exponentials, seconds on any processor.
inline std::string slow_trace() {
  const Json loc = {{"file", "a.cpp"}, {"line", 1}};
  const Json leaf = {{"dtype", "f32"}, {"shape", {700, 700}}, {"data", std::vector<double>(490000, 0)}};
  std::string text = sample_events()[0].dump() + "\n";
  text += Json{{"ev", "leaf"}, {"tape", 1},   {"node", 0},  {"name", "x"},  {"constant", false},
               {"tensor", 0},  {"scope", ""}, {"loc", loc}, {"value", leaf}}
              .dump() +
          "\n";
  Json op = {{"ev", "op"},
             {"tape", 1},
             {"node", 1},
             {"op", "logsumexp"},
             {"builtin", true},
             {"inputs", {0}},
             {"attributes", {{"axes", {0, 1}}, {"keepdim", false}}},
             {"rule", ""},
             {"scope", ""},
             {"loc", loc},
             {"value", {{"dtype", "f32"}, {"shape", Json::array()}, {"data", {std::log(490000.0)}}}}};
  for (int node = 1; node <= 20000; ++node) {
    op["node"] = node;
    text += op.dump() + "\n";
  }
  return text;
}

}  // namespace checked

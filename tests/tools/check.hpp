// Runs gradus check on changed copies of the sample trace.
#pragma once

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

}  // namespace checked

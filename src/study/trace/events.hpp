// From the JSON of a line to an event of a trace.
#pragma once

#include <optional>
#include <string>

#include <gradus/study/read_trace.hpp>

#include "study/trace/json.hpp"

namespace gradus::study::trace {

inline constexpr int newest_version = 2;

// Thrown for an event that is not as TRACE.md describes it.
struct BadEvent {
  std::string why;
};

// The event in `v`; none for a kind that is not known. `hashes`: tensors may have hashes instead of numbers. Throws
// BadEvent.
std::optional<Body> body_of(const JsonValue& v, bool hashes);

// The header in `v`; of a newer version only `version` is read. Throws BadEvent.
Header header_of(const JsonValue& v);

}  // namespace gradus::study::trace

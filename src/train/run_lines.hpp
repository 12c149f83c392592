// One line of a run log as JSON, and its members by name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <gradus/train/read_run.hpp>

#include "io/json.hpp"

// Not exported by the shared library: the types of JSON are no part of its interface.
#pragma GCC visibility push(hidden)
namespace gradus::train::run_log {

inline constexpr int newest_version = 1;

// Thrown for a line that is not as RUN_LOG.md describes it.
struct BadLine {
  std::string why;
};

// Members in the order in which they stand.
using io::Json;

// Throws BadLine for anything but an object, and for one that is nested more than 16 deep.
Json parse_line(const std::string& line);

// The members of an object. Throws BadLine for one that is of another kind, or missing without a fallback.
class Members {
 public:
  explicit Members(const Json& object);

  const Json* find(const char* name) const;  // null also for a JSON null
  const Json& list(const char* name) const;  // empty if there is none
  std::string text(const char* name) const;
  std::string text_or(const char* name) const;
  double number(const char* name) const;
  double number_or_nan(const char* name) const;
  std::int64_t integer(const char* name) const;
  std::int64_t integer_or(const char* name, std::int64_t fallback) const;
  bool flag_or(const char* name, bool fallback) const;
  Metrics numbers(const char* name) const;  // an object of numbers; none: empty
  Place place(const char* name) const;

 private:
  const Json& need(const char* name) const;
  const Json& object_;
};

// The number in a value: "nan", "inf" and "-inf" too. Throws BadLine, which names `what`.
double number_of(const Json& value, std::string_view what);
std::int64_t integer_of(const Json& value, std::string_view what);

// Adds the event of a line to the file.
class LineReader {
 public:
  explicit LineReader(File& to) : to_(to) {}
  void start(const Json& line);  // the first line; of a newer version only `version` is read
  void add(const Json& line);

 private:
  std::size_t name(const std::string& text);
  std::vector<UnitSample> units(const Members& in);
  std::shared_ptr<const Sample> sample(const Members& in);
  void step(const Members& in);
  void epoch(const Members& in);
  void diagnosis(const Members& in);
  void confusion(const Members& in);
  void worst(const Members& in);

  File& to_;
  std::unordered_map<std::string, std::size_t> names_;
};

}  // namespace gradus::train::run_log
#pragma GCC visibility pop

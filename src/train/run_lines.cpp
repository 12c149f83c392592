// The members of a JSON object, checked.
#include "train/run_lines.hpp"

#include <cmath>
#include <limits>

#include "tensor/format.hpp"

namespace gradus::train::run_log {
namespace {

constexpr int deepest = 16;
constexpr double most_exact = 9007199254740992.0;  // below it every integer is a double

}  // namespace

Json parse_line(const std::string& line) {
  const auto watch = [](int depth, Json::parse_event_t, Json&) {
    if (depth > deepest) throw BadLine{"its objects are nested too deeply"};
    return true;
  };
  Json json;
  try {
    // Most lines are short: without a callback they are read twice as fast, and cannot be nested deeply.
    json = line.size() < 256 ? io::parse_json(line) : Json::parse(std::string_view(line), watch);
  } catch (const Json::exception&) { throw BadLine{"it is not JSON"}; }
  if (!json.is_object()) throw BadLine{"it is not a JSON object"};
  return json;
}

double number_of(const Json& value, std::string_view what) {
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) {
    const std::string& word = value.get_ref<const std::string&>();
    if (word == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (word == "inf") return std::numeric_limits<double>::infinity();
    if (word == "-inf") return -std::numeric_limits<double>::infinity();
  }
  throw BadLine{formatted("'{}' is not a number", what)};
}

std::int64_t integer_of(const Json& value, std::string_view what) {
  const double n = number_of(value, what);
  if (!(std::abs(n) <= most_exact) || n != std::floor(n)) throw BadLine{formatted("'{}' is not an integer", what)};
  return static_cast<std::int64_t>(n);
}

Members::Members(const Json& object) : object_(object) {
  if (!object.is_object()) throw BadLine{"a member is not an object"};
}

const Json* Members::find(const char* name) const {
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

const Json& Members::need(const char* name) const {
  const Json* value = find(name);
  if (value == nullptr) throw BadLine{formatted("'{}' is missing", name)};
  return *value;
}

const Json& Members::list(const char* name) const {
  static const Json none = Json::array();
  const Json* value = find(name);
  if (value == nullptr) return none;
  if (!value->is_array()) throw BadLine{formatted("'{}' is not a list", name)};
  return *value;
}

std::string Members::text(const char* name) const {
  const Json& value = need(name);
  if (!value.is_string()) throw BadLine{formatted("'{}' is not a text", name)};
  return value.get<std::string>();
}

std::string Members::text_or(const char* name) const { return find(name) != nullptr ? text(name) : std::string(); }
double Members::number(const char* name) const { return number_of(need(name), name); }
double Members::number_or_nan(const char* name) const {
  const Json* value = find(name);
  return value != nullptr ? number_of(*value, name) : Progress::unknown;
}
std::int64_t Members::integer(const char* name) const { return integer_of(need(name), name); }
std::int64_t Members::integer_or(const char* name, std::int64_t fallback) const {
  const Json* value = find(name);
  return value != nullptr ? integer_of(*value, name) : fallback;
}

bool Members::flag_or(const char* name, bool fallback) const {
  const Json* value = find(name);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) throw BadLine{formatted("'{}' is neither true nor false", name)};
  return value->get<bool>();
}

Metrics Members::numbers(const char* name) const {
  Metrics all;
  const Json* value = find(name);
  if (value == nullptr) return all;
  if (!value->is_object()) throw BadLine{formatted("'{}' is not an object", name)};
  for (const auto& [key, number] : value->items()) all.emplace_back(key, number_of(number, key));
  return all;
}

Place Members::place(const char* name) const {
  const Json* value = find(name);
  if (value == nullptr) return {};
  const Members in(*value);
  return {in.text("file"), in.integer("line")};
}

}  // namespace gradus::train::run_log

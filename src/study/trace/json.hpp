// One line of a trace as JSON: JsonLine writes it, parse_line reads it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gradus/tensor.hpp>

namespace gradus::study {

// ---- writing ----

// Appends members in the order of the calls. str() closes the object and ends the line.
class JsonLine {
 public:
  explicit JsonLine(const char* event) { text_ = "{\"ev\":\"" + std::string(event) + '"'; }

  JsonLine& integer(const char* key, std::int64_t value);
  JsonLine& number(const char* key, double value);
  JsonLine& flag(const char* key, bool value);
  JsonLine& string(const char* key, std::string_view value);
  JsonLine& integers(const char* key, const std::vector<int>& values);
  JsonLine& null(const char* key);
  JsonLine& loc(Loc where);
  JsonLine& text(const char* key, std::string_view json);  // `json` is written as it is
  // As json_tensor; nonfinite() then says whether a NaN or an infinity has been among the numbers.
  JsonLine& tensor(const char* key, const Tensor& x, std::int64_t limit);

  bool nonfinite() const { return nonfinite_; }
  std::string str() const { return text_ + "}\n"; }

 private:
  void key(const char* name);
  std::string text_;
  bool nonfinite_ = false;
};

std::string json_number(double value);
std::string json_string(std::string_view text);  // with its quotes; bytes that are not UTF-8 become U+FFFD
inline constexpr std::int64_t hashes_only = -1;  // a limit
// Above `limit` elements a summary; with hashes_only a hash. Sets `nonfinite` if a NaN or an infinity is among the
// numbers.
std::string json_tensor(const Tensor& x, std::int64_t limit, bool& nonfinite);
std::string json_list(const Shape& sizes);

// ---- reading ----

struct JsonMember;

// A value of a line: number, text, flag, null, a list of numbers, or an object of values. Other JSON is refused.
struct JsonValue {
  enum class Kind { null, flag, number, text, list, object };
  Kind kind = Kind::null;
  bool flag = false, integral = false;
  double number = 0;         // "nan", "inf" and "-inf" are numbers too
  std::int64_t integer = 0;  // if it was written as an integer
  std::string text;
  std::vector<double> list;
  std::vector<JsonMember> members;

  const JsonValue* find(std::string_view name) const;  // null if there is none
};

struct JsonMember {
  std::string name;
  JsonValue value;
};

// Reads the object in `line`. Returns false, with the reason in `why`, for anything else, for objects nested more than
// 8 deep and for more than 10,000 members: a file of a stranger must not decide how much memory and stack is used.
bool parse_line(std::string_view line, JsonValue& to, std::string& why);

}  // namespace gradus::study

// One line of a trace as JSON: objects of numbers, texts, flags and lists of numbers. Anything else is refused, and so
// is depth: the file is somebody else's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::tool::trace {

struct Member;

struct Value {
  enum class Kind { null, flag, number, text, list, object };
  Kind kind = Kind::null;
  bool flag = false, integral = false;
  double number = 0;         // "nan", "inf" and "-inf" are numbers too
  std::int64_t integer = 0;  // where it was written as an integer
  std::string text;
  std::vector<double> list;
  std::vector<Member> members;

  const Value* find(std::string_view name) const;  // null if there is none
};

struct Member {
  std::string name;
  Value value;
};

// The object in `line`, or a sentence that says what is wrong with it.
bool parse(std::string_view line, Value& to, std::string& wrong);

}  // namespace gradus::tool::trace

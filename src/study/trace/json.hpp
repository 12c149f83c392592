// One event of a trace, as text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gradus/tensor.hpp>

namespace gradus::study {

// Appends members in the order they come. str() closes the object and ends the line.
class Event {
 public:
  explicit Event(const char* kind) { text_ = "{\"ev\":\"" + std::string(kind) + '"'; }

  Event& integer(const char* key, std::int64_t value);
  Event& number(const char* key, double value);
  Event& flag(const char* key, bool value);
  Event& string(const char* key, std::string_view value);
  Event& integers(const char* key, const std::vector<int>& values);
  Event& null(const char* key);
  Event& loc(Loc where);
  Event& text(const char* key, std::string_view json);  // as it stands
  // As json_tensor; nonfinite() then says whether a NaN or an infinity has been among the numbers.
  Event& tensor(const char* key, const Tensor& x, std::int64_t limit);

  bool nonfinite() const { return nonfinite_; }
  std::string str() const { return text_ + "}\n"; }

 private:
  void key(const char* name);
  std::string text_;
  bool nonfinite_ = false;
};

std::string json_number(double value);
std::string json_string(std::string_view text);  // with its quotes; bytes that are not UTF-8 become U+FFFD
// Above `limit` elements a summary. Sets `nonfinite` if a NaN or an infinity is among the numbers.
std::string json_tensor(const Tensor& x, std::int64_t limit, bool& nonfinite);
std::string json_list(const Shape& sizes);

}  // namespace gradus::study

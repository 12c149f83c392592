#include "study/trace/json.hpp"
#include "tensor/number.hpp"

#include <cmath>
#include <span>

namespace gradus::study {

namespace {

template <class T>
void append(std::string& to, T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) {
      to += std::isnan(value) ? "\"nan\"" : value < 0 ? "\"-inf\"" : "\"inf\"";
      return;
    }
  }
  if constexpr (std::is_floating_point_v<T>)
    if (value == 0 && std::signbit(value)) {  // "-0" would be read as an integer
      to += "-0.0";
      return;
    }
  if constexpr (std::is_floating_point_v<T>)
    to += detail::number_text(value);
  else
    to += std::to_string(value);
}

template <class T>
void append_all(std::string& to, std::span<const T> values) {
  to += '[';
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i) to += ',';
    append(to, values[i]);
  }
  to += ']';
}

// How many bytes the UTF-8 sequence at the head of `s` has; 0 if it is none.
std::size_t sequence(std::string_view s) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned char c = at(0);
  const std::size_t n = c < 0x80                ? 1
                        : c >= 0xC2 && c < 0xE0 ? 2
                        : c >= 0xE0 && c < 0xF0 ? 3
                        : c >= 0xF0 && c < 0xF5 ? 4
                                                : 0;
  if (n == 0 || s.size() < n) return 0;
  for (std::size_t i = 1; i < n; ++i)
    if ((at(i) & 0xC0) != 0x80) return 0;
  if ((c == 0xE0 && at(1) < 0xA0) || (c == 0xED && at(1) > 0x9F) || (c == 0xF0 && at(1) < 0x90) ||
      (c == 0xF4 && at(1) > 0x8F))
    return 0;
  return n;
}

template <class T>
std::string summary(const std::vector<T>& all, bool& nonfinite) {
  double min = detail::infinity, max = -min, sum = 0, squares = 0;
  std::int64_t nan = 0, inf = 0, zero = 0, finite = 0;
  for (const T value : all) {
    const double x = static_cast<double>(value);
    zero += x == 0;
    if (std::isfinite(x)) {
      min = std::min(min, x), max = std::max(max, x), sum += x, squares += x * x, ++finite;
    } else {
      (std::isnan(x) ? nan : inf) += 1;
    }
  }
  nonfinite = nonfinite || nan || inf;
  std::string text = "\"stats\":{";
  const double n = static_cast<double>(finite), mean = sum / n;
  double spread = 0;  // a second pass: the difference of squares would cancel
  for (const T value : all)
    if (const double x = static_cast<double>(value); std::isfinite(x)) spread += (x - mean) * (x - mean);
  const auto put = [&](const char* name, double v) {
    text += '"' + std::string(name) + "\":" + (finite ? json_number(v) : "null") + ',';
  };
  put("min", min), put("max", max), put("mean", mean), put("std", std::sqrt(spread / n)),
      put("norm", std::sqrt(squares));
  text += "\"nan\":" + std::to_string(nan) + ",\"inf\":" + std::to_string(inf) + ",\"zero\":" + std::to_string(zero);
  text += "},\"head\":";
  const std::size_t some = std::min<std::size_t>(16, all.size());
  append_all<T>(text, {all.data(), some});
  text += ",\"tail\":";
  append_all<T>(text, {all.data() + (all.size() - some), some});
  return text;
}

template <class T>
void append_tensor(std::string& to, const std::vector<T>& all, std::int64_t limit, bool& nonfinite) {
  if (static_cast<std::int64_t>(all.size()) > limit) {
    to += summary(all, nonfinite);
    return;
  }
  for (const T x : all) nonfinite = nonfinite || !std::isfinite(static_cast<double>(x));
  to += "\"data\":";
  append_all<T>(to, all);
}

}  // namespace

std::string json_number(double value) {
  std::string text;
  append(text, value);
  return text;
}

std::string json_list(const Shape& sizes) {
  std::string text;
  append_all<std::int64_t>(text, {sizes.begin(), sizes.end()});
  return text;
}

std::string json_tensor(const Tensor& x, std::int64_t limit, bool& nonfinite) {
  std::string text = "{\"dtype\":\"" + std::string(name(x.dtype())) + "\",\"shape\":" + json_list(x.shape()) + ',';
  if (x.dtype() == f32)
    append_tensor(text, x.to_vector<float>(), limit, nonfinite);
  else if (x.dtype() == f64)
    append_tensor(text, x.to_vector<double>(), limit, nonfinite);
  else  // true and false are 1 and 0
    append_tensor(text, x.to_vector<std::int64_t>(), limit, nonfinite);
  return text + '}';
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t n = sequence(text);
    const char c = text[0];
    if (n == 0) {
      out += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      out += '\\', out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      constexpr char hex[] = "0123456789abcdef";
      out += "\\u00", out += hex[c >> 4], out += hex[c & 15];
    } else {
      out += text.substr(0, n);
    }
    text.remove_prefix(n ? n : 1);
  }
  return out + '"';
}

void Event::key(const char* name) { text_ += ",\"" + std::string(name) + "\":"; }

Event& Event::integer(const char* name, std::int64_t value) {
  key(name);
  append(text_, value);
  return *this;
}
Event& Event::number(const char* name, double value) {
  key(name);
  append(text_, value);
  return *this;
}
Event& Event::flag(const char* name, bool value) { return text(name, value ? "true" : "false"); }
Event& Event::null(const char* name) { return text(name, "null"); }
Event& Event::string(const char* name, std::string_view value) { return text(name, json_string(value)); }
Event& Event::text(const char* name, std::string_view json) {
  key(name);
  text_ += json;
  return *this;
}
Event& Event::integers(const char* name, const std::vector<int>& values) {
  key(name);
  append_all<int>(text_, values);
  return *this;
}
Event& Event::loc(Loc where) {
  key("loc");
  text_ += "{\"file\":" + json_string(where.file_name()) + ",\"line\":" + std::to_string(where.line()) + '}';
  return *this;
}
Event& Event::tensor(const char* name, const Tensor& x, std::int64_t limit) {
  return text(name, json_tensor(x, limit, nonfinite_));
}

}  // namespace gradus::study

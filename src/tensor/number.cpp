// Numbers as text: fmt writes them; a scanner that knows one grammar, and the C library's rounding, read them.
#include "tensor/number.hpp"

#include <locale.h>
#include <stdlib.h>
#include <cmath>
#include <string>

#include "tensor/format.hpp"

namespace gradus::detail {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t digits_at(std::string_view text, std::size_t begin) {
  std::size_t end = begin;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - begin;
}

std::size_t sign_length(std::string_view text) { return text.starts_with('-') || text.starts_with('+') ? 1 : 0; }

// `word` is in small letters.
bool same_word(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i)
    if ((text[i] | 0x20) != word[i]) return false;
  return true;
}

// A number of few digits and a small power of ten: both are exact doubles, so one operation rounds correctly (Clinger,
// "How to read floating point numbers accurately", 1990). Most numbers of a table are like this.
std::optional<double> simple_number(std::string_view digits) {
  constexpr double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                               1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (digits.size() > 16) return std::nullopt;
  std::int64_t mantissa = 0;
  std::size_t fraction = 0;
  bool after_point = false;
  for (const char c : digits) {
    if (c == '.') {
      after_point = true;
      continue;
    }
    if (!is_digit(c)) return std::nullopt;  // an exponent
    mantissa = 10 * mantissa + (c - '0');
    fraction += after_point;
  }
  return static_cast<double>(mantissa) / powers[fraction];
}

// strtod in the locale "C", whatever the program's is.
double correctly_rounded(std::string_view text) {
  static const locale_t plain = newlocale(LC_ALL_MASK, "C", nullptr);
  return strtod_l(std::string(text).c_str(), nullptr, plain);
}

template <class T>
std::optional<T> refuse(const char** wrong, const char* reason) {
  if (wrong) *wrong = reason;
  return std::nullopt;
}

}  // namespace

std::string number_text(double value) { return std::isnan(value) ? "nan" : formatted("{}", value); }
std::string number_text(float value) { return std::isnan(value) ? "nan" : formatted("{}", value); }
std::string number_text(double value, int digits) {
  return std::isnan(value) ? "nan" : formatted("{:.{}g}", value, digits);
}

std::size_t number_length(std::string_view text) {
  std::size_t end = sign_length(text);
  const std::size_t whole = digits_at(text, end);
  end += whole;
  if (end < text.size() && text[end] == '.') {
    const std::size_t fraction = digits_at(text, end + 1);
    if (whole + fraction == 0) return 0;
    end += 1 + fraction;
  } else if (whole == 0) {
    return 0;
  }
  if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    const std::size_t sign = end + 1 + sign_length(text.substr(end + 1)), exponent = digits_at(text, sign);
    if (exponent) end = sign + exponent;
  }
  return end;
}

std::optional<double> parse_number(std::string_view text, const char** wrong) {
  const bool negative = text.starts_with('-');
  const std::string_view unsigned_text = text.substr(sign_length(text));
  double value = 0;
  if (same_word(unsigned_text, "inf") || same_word(unsigned_text, "infinity")) {
    value = infinity;
  } else if (same_word(unsigned_text, "nan")) {
    return std::numeric_limits<double>::quiet_NaN();
  } else if (text.empty() || number_length(text) != text.size()) {
    return refuse<double>(wrong, "not a number");
  } else {
    const std::optional<double> simple = simple_number(unsigned_text);
    value = simple ? *simple : correctly_rounded(unsigned_text);
    if (std::isinf(value)) return refuse<double>(wrong, "too large");
  }
  return negative ? -value : value;
}

std::optional<std::int64_t> parse_integer(std::string_view text, const char** wrong) {
  const bool negative = text.starts_with('-');
  const std::string_view digits = text.substr(sign_length(text));
  if (digits.empty() || digits_at(digits, 0) != digits.size()) return refuse<std::int64_t>(wrong, "not a whole number");
  std::int64_t value = 0;  // of the sign's side: the lowest number has no positive counterpart
  for (const char c : digits) {
    const std::int64_t digit = negative ? '0' - c : c - '0';
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
      return refuse<std::int64_t>(wrong, "too large");
  }
  return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace gradus::detail

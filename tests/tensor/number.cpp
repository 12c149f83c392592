// Numbers written as text and read from it.
#include "tensor/number.hpp"

#include <clocale>
#include <cmath>
#include <string>

#include "support.hpp"

using gradus::detail::number_length;
using gradus::detail::number_text;
using gradus::detail::parse_integer;
using gradus::detail::parse_number;
using gradus::detail::split;

namespace {

std::string why_no_number(std::string_view text) {
  const char* wrong = "";
  CHECK_FALSE(parse_number(text, &wrong));
  return wrong;
}

std::string why_no_integer(std::string_view text) {
  const char* wrong = "";
  CHECK_FALSE(parse_integer(text, &wrong));
  return wrong;
}

}  // namespace

TEST_CASE("number_text keeps every digit and adds none") {
  CHECK(number_text(1.0) == "1");
  CHECK(number_text(-1.5) == "-1.5");
  CHECK(number_text(-1e-9) == "-1e-09");
  CHECK(number_text(0.1) == "0.1");
  CHECK(number_text(0.1f) == "0.1");
  CHECK(number_text(0.1 + 0.2) == "0.30000000000000004");
  CHECK(number_text(1e300) == "1e+300");
  CHECK(number_text(-INFINITY) == "-inf");
  CHECK(number_text(std::copysign(NAN, -1.0)) == "nan");
  CHECK(number_text(std::copysign(NAN, -1.0f)) == "nan");
  CHECK(number_text(2.0 / 3, 6) == "0.666667");
  CHECK(number_text(12345678.0, 6) == "1.23457e+07");
  CHECK(number_text(std::copysign(NAN, -1.0), 6) == "nan");
}

TEST_CASE("parse_number reads decimal numbers to the last bit") {
  CHECK(parse_number("0") == 0.0);
  CHECK(parse_number("12") == 12.0);
  CHECK(parse_number("+3") == 3.0);
  CHECK(parse_number("-1.5") == -1.5);
  CHECK(parse_number(".5") == 0.5);
  CHECK(parse_number("5.") == 5.0);
  CHECK(parse_number("0.1") == 0.1);
  CHECK(parse_number("1e-3") == 1e-3);
  CHECK(parse_number("-2.5E+10") == -2.5e10);
  CHECK(parse_number("000000000000000000000000001") == 1.0);
  CHECK(parse_number("3.141592653589793") == 3.141592653589793);
  CHECK(parse_number("0.30000000000000004") == 0.30000000000000004);
  CHECK(parse_number("9007199254740993") == 9007199254740992.0);  // the tie goes to even
  CHECK(parse_number("9007199254740993.00000000000000000001") == 9007199254740994.0);
  CHECK(parse_number("1.7976931348623157e308") == 1.7976931348623157e308);
  CHECK(parse_number("2.2250738585072011e-308") == 2.2250738585072011e-308);
  CHECK(parse_number("4.9406564584124654e-324") == 4.9406564584124654e-324);
  CHECK(std::signbit(*parse_number("-0")));
  const std::string long_third = "0." + std::string(5000, '3');
  CHECK(parse_number(long_third) == 1.0 / 3);
}

TEST_CASE("parse_number: words, too small, too large") {
  CHECK(parse_number("inf") == INFINITY);
  CHECK(parse_number("-Infinity") == -INFINITY);
  CHECK(std::isnan(*parse_number("NaN")));
  CHECK(parse_number("1e-400") == 0.0);
  CHECK(parse_number("-1e-999999999999") == 0.0);
  CHECK(why_no_number("1e400") == "too large");
  CHECK(why_no_number("-1e999999999999") == "too large");
  CHECK(why_no_number(std::string(400, '9')) == "too large");
}

TEST_CASE("parse_number refuses what is not wholly a number") {
  for (const char* text : {"",    " 1",  "1 ",    "1,5", "0x10", "1e",       "1e+",    ".",  "+",     "-",
                           "--1", "+-1", "1.2.3", "one", "1f",   "infinite", "nan(1)", "e5", "1_000", "\xd9\xa1"}) {
    CAPTURE(text);
    CHECK(why_no_number(text) == "not a number");
  }
  CHECK(why_no_number(std::string_view("1\0", 2)) == "not a number");
}

TEST_CASE("parse_number does not ask the locale") {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  if (!std::setlocale(LC_ALL, "de_DE.UTF-8")) return;  // not installed
  CHECK(parse_number("1.25e3") == 1250.0);
  CHECK(parse_number("0.1234567890123456789") == 0.1234567890123456789);
  CHECK(why_no_number("1,25") == "not a number");
  std::setlocale(LC_ALL, before.c_str());
}

TEST_CASE("parse_integer: to both ends of 64 bits") {
  CHECK(parse_integer("0") == 0);
  CHECK(parse_integer("+17") == 17);
  CHECK(parse_integer("-17") == -17);
  CHECK(parse_integer("9223372036854775807") == INT64_MAX);
  CHECK(parse_integer("-9223372036854775808") == INT64_MIN);
  CHECK(parse_integer("9007199254740993") == 9007199254740993);
  CHECK(why_no_integer("9223372036854775808") == "too large");
  CHECK(why_no_integer("-9223372036854775809") == "too large");
  for (const char* text : {"", "-", "1.0", "1e3", " 1", "1O", "0x1", "--1"}) {
    CAPTURE(text);
    CHECK(why_no_integer(text) == "not a whole number");
  }
}

TEST_CASE("number_length: the number at the start of a text") {
  CHECK(number_length("12*x") == 2);
  CHECK(number_length("1.5e-3)") == 6);
  CHECK(number_length("2e") == 1);  // Euler's number may follow
  CHECK(number_length(".5.5") == 2);
  CHECK(number_length("-3") == 2);
  CHECK(number_length("x") == 0);
  CHECK(number_length(".") == 0);
  CHECK(number_length("inf") == 0);
}

TEST_CASE("split keeps empty parts") {
  CHECK(split("1,2,3") == std::vector<std::string_view>{"1", "2", "3"});
  CHECK(split("a,,b,") == std::vector<std::string_view>{"a", "", "b", ""});
  CHECK(split("") == std::vector<std::string_view>{""});
  CHECK(split("a:b", ':') == std::vector<std::string_view>{"a", "b"});
}

// Numbers as text, written and read alike in every locale: printf and strtod obey the user's decimal comma, and some
// standard libraries have no from_chars and to_chars for double.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::detail {

inline constexpr double infinity = std::numeric_limits<double>::infinity();

// The shortest digits that are read back as the same number: "0.1", "-1e-09", "inf"; "nan" without a sign.
std::string number_text(double value);
std::string number_text(float value);
std::string number_text(double value, int digits);  // rounded, as "%.6g" with 6

// The number that the whole text is: 12, +3, -1.5, .5, 1e-3, inf, nan (in capitals, too). No blanks, no hexadecimal.
// What is too small for a double is 0. Nothing for any other text, and *wrong is then "not a number" or "too large".
std::optional<double> parse_number(std::string_view text, const char** wrong = nullptr);
// The same for 12, +3, -4; *wrong is "not a whole number" or "too large".
std::optional<std::int64_t> parse_integer(std::string_view text, const char** wrong = nullptr);

// How many characters at the start of text are a decimal number (no inf, no nan); 0: none.
std::size_t number_length(std::string_view text);

// The parts between separators: "a,,b" has three. An empty text has one, empty part.
std::vector<std::string_view> split(std::string_view text, char separator = ',');

}  // namespace gradus::detail

// How a text is cut before its bytes are paired, and its characters.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace gradus::data {

// No piece of a text, and so no token, is longer.
inline constexpr std::size_t longest_piece = 64;

// Words, numbers, marks and white space, one after the other: together they are the text. A space belongs to what
// follows it. Bytes above 127 count as letters. A longer run is cut, not inside of a character.
std::vector<std::string_view> pieces(std::string_view text);

// The length of the first character of a text that is not empty: 1 for a byte that does not begin well-formed UTF-8
// (Unicode 15, table 3-7).
std::size_t character_length(std::string_view text);

}  // namespace gradus::data

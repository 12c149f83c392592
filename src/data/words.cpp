// Cutting a text into pieces and characters.
#include "data/words.hpp"

#include <algorithm>

namespace gradus::data {
namespace {

enum class Kind { letter, digit, space, mark };

Kind kind_of(char byte) {
  const auto c = static_cast<unsigned char>(byte);
  if (c == ' ' || (c >= '\t' && c <= '\r')) return Kind::space;
  if (c >= '0' && c <= '9') return Kind::digit;
  const unsigned lower = c | 0x20U;
  return c >= 0x80 || (lower >= 'a' && lower <= 'z') ? Kind::letter : Kind::mark;
}

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80; }

// Where the run of one kind that begins at `from` ends.
std::size_t run_end(std::string_view text, std::size_t from) {
  const Kind kind = kind_of(text[from]);
  std::size_t end = from + 1;
  while (end < text.size() && kind_of(text[end]) == kind) ++end;
  return end;
}

std::size_t piece_end(std::string_view text, std::size_t from) {
  std::size_t end = run_end(text, from);
  const bool last = end == text.size();
  if (kind_of(text[from]) == Kind::space && !last && text[end - 1] == ' ')
    end = end - 1 > from ? end - 1 : run_end(text, end);  // the last space is for the word
  if (end - from <= longest_piece) return end;
  end = from + longest_piece;
  for (int back = 0; back < 3 && continues(text[end]); ++back) --end;
  return end;
}

}  // namespace

std::vector<std::string_view> pieces(std::string_view text) {
  std::vector<std::string_view> list;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = piece_end(text, from);
    list.push_back(text.substr(from, end - from));
    from = end;
  }
  return list;
}

std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  std::size_t length = 1;
  if (first >= 0xC2 && first <= 0xDF) length = 2;
  if (first >= 0xE0 && first <= 0xEF) length = 3;
  if (first >= 0xF0 && first <= 0xF4) length = 4;
  if (length > text.size()) return 1;
  const auto rest = text.substr(1, length - 1);
  if (!std::ranges::all_of(rest, continues)) return 1;
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool outside = (first == 0xED && byte(1) > 0x9F) || (first == 0xF4 && byte(1) > 0x8F);
  return overlong || outside ? 1 : length;
}

}  // namespace gradus::data

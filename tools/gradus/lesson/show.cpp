// Turns a page into lines for a terminal. Only what the pages use is understood; all else stays as it is.
#include "lesson/show.hpp"

#include <sstream>

namespace gradus::tool {
namespace {

// Replaces each pair of `mark` by `on` and `off`.
std::string between(const std::string& line, const std::string& mark, const char* on, const char* off) {
  std::string result;
  bool open = false;
  std::size_t at = 0;
  for (std::size_t next = line.find(mark); next != line.npos; next = line.find(mark, at)) {
    if (!open && line.find(mark, next + mark.size()) == line.npos) break;  // it is never closed
    result += line.substr(at, next - at);
    result += open ? off : on;
    open = !open;
    at = next + mark.size();
  }
  return result + line.substr(at);
}

// "[the text](where it leads)" becomes "the text".
std::string without_links(const std::string& line) {
  std::string result;
  std::size_t at = 0;
  while (at < line.size()) {
    const std::size_t open = line.find('[', at), middle = line.find("](", open), close = line.find(')', middle);
    if (open == line.npos || middle == line.npos || close == line.npos) break;
    result += line.substr(at, open - at) + line.substr(open + 1, middle - open - 1);
    at = close + 1;
  }
  return result + line.substr(at);
}

std::string prose(const std::string& line, bool colour) {
  const char* bold = colour ? "\x1b[1m" : "";
  const char* plain = colour ? "\x1b[0m" : "";
  if (line.starts_with("#")) return bold + line.substr(line.find_first_not_of("# ")) + plain;
  return between(without_links(line), "**", bold, plain);
}

}  // namespace

std::string for_terminal(const std::string& markdown, bool colour) {
  std::istringstream lines(markdown);
  std::string result;
  bool code = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      code = !code;
      continue;
    }
    if (!code && line.starts_with("![")) continue;  // a picture
    result += code ? (line.empty() ? "" : "    " + line) : prose(line, colour);
    result += '\n';
  }
  return result;
}

}  // namespace gradus::tool

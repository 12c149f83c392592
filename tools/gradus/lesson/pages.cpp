// Reads the embedded files into pages.
#include "lesson/pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "cli/command.hpp"
#include "cli/nearest.hpp"

namespace gradus::detail {
// Written by tools/cmake/lessons.cmake: name, text, name, text, …, null.
extern const char* const lesson_files[];
}  // namespace gradus::detail

namespace gradus::tool {
namespace {

const char* embedded(const std::string& name) {
  for (const char* const* file = detail::lesson_files; *file; file += 2)
    if (name == *file) return file[1];
  throw Stop(failed, fmt::format("the file {} is missing in this program", name));
}

// "# Lesson 3: the learning rate" gives "the learning rate".
std::string title_of(const std::string& text) {
  const std::string line = text.substr(0, text.find('\n'));
  const std::size_t colon = line.find(": ");
  return colon == line.npos ? line : line.substr(colon + 2);
}

// The paragraph that begins with "You can", in one line.
std::string ability_of(const std::string& text) {
  const std::size_t start = text.find("\nYou can ");
  if (start == text.npos) return "";
  std::string paragraph = text.substr(start + 1, text.find("\n\n", start + 1) - start - 1);
  std::replace(paragraph.begin(), paragraph.end(), '\n', ' ');
  return paragraph;
}

std::vector<LessonPage> read_pages() {
  std::vector<LessonPage> pages;
  for (const char* const* file = detail::lesson_files; *file; file += 2) {
    const std::string name = file[0];
    if (!name.ends_with(".md")) continue;
    LessonPage p;
    p.name = name.substr(0, name.size() - 3);
    p.key = name.substr(0, name.find('_'));
    p.text = file[1];
    p.title = title_of(p.text);
    p.ability = ability_of(p.text);
    p.code = embedded(p.name + ".cpp");
    pages.push_back(std::move(p));
  }
  std::sort(pages.begin(), pages.end(), [](const LessonPage& a, const LessonPage& b) { return a.key < b.key; });
  return pages;
}

}  // namespace

const std::vector<LessonPage>& lesson_pages() {
  static const std::vector<LessonPage> pages = read_pages();
  return pages;
}

const std::string& lesson_header() {
  static const std::string text = embedded("lesson.hpp");
  return text;
}

const LessonPage& lesson_page(const std::string& word) {
  std::vector<std::string> known;
  for (const LessonPage& p : lesson_pages()) {
    const std::string number = p.key.substr(1);  // "0a" of "00a"
    const std::string subject = p.name.substr(p.key.size() + 1);
    const bool by_number = word == p.key || word == "lesson_" + p.key || (p.key[0] == '0' && word == number);
    if (by_number || word == subject || word == p.name) return p;
    known.push_back(p.key[0] == '0' ? number : p.key);
    known.push_back(subject);
  }
  throw Stop(usage, fmt::format("lesson {}: {}", word.substr(0, 60), unknown(word.substr(0, 60), known)));
}

PageParts parts_of(const LessonPage& page) {
  const std::size_t start = page.text.find("\n## Run it\n");
  if (start == page.text.npos) return {page.text, "", ""};
  const std::size_t end = std::min(page.text.find("\n## ", start + 4), page.text.size());
  return {page.text.substr(0, start + 1), page.text.substr(start + 1, end - start), page.text.substr(end)};
}

}  // namespace gradus::tool

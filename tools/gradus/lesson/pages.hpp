// The lessons as the program carries them: the page and the program of each, from examples/lessons.
#pragma once

#include <string>
#include <vector>

namespace gradus::tool {

struct LessonPage {
  std::string key;      // "00a", "03": the number in the names of its files
  std::string name;     // "03_learning_rate"
  std::string title;    // "the learning rate, too small, right, too large"
  std::string ability;  // "You can …": what the reader can do after it
  std::string text;     // Markdown, all of it
  std::string code;     // C++
};

const std::vector<LessonPage>& lesson_pages();  // in their order
const std::string& lesson_header();             // lesson.hpp, which the programs include

// "3", "03", "0a" or "learning_rate". Throws Stop (usage) for what is no lesson.
const LessonPage& lesson_page(const std::string& word);

// The page in three parts: the program's output in the page is replaced by the program itself.
struct PageParts {
  std::string before, run, after;  // `run` is the section "Run it"; it may be missing
};
PageParts parts_of(const LessonPage& page);

}  // namespace gradus::tool

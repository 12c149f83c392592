// The program of a lesson: found beside this one, or built.
#pragma once

#include "cli/command.hpp"
#include "lesson/pages.hpp"

namespace gradus::tool {

// Runs it with --ask, in the present folder, with these inputs ("rate=0.1") changed. Throws Stop (file_trouble) where
// it can neither be found nor built.
Exit run_lesson(const LessonPage& page, const std::vector<std::string>& inputs);

// Writes its program and lesson.hpp into the present folder, and says how to compile. Overwrites nothing.
Exit save_lesson(const LessonPage& page);

}  // namespace gradus::tool

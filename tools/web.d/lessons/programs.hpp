// The programs that programs.cmake has put together.
#pragma once

#include <string>

namespace gradus::web {

// "lesson_03": its main().
int lesson(const std::string& name, int argc, char** argv);

// exercise NAME TEXT…: the exercise with what the reader wrote into its hole.
int exercise(int argc, char** argv);

}  // namespace gradus::web

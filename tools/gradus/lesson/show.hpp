// Markdown for a terminal.
#pragma once

#include <string>

namespace gradus::tool {

// Headings and **bold** are bold where there is colour; code stands four columns to the right; links are their text.
std::string for_terminal(const std::string& markdown, bool colour);

}  // namespace gradus::tool

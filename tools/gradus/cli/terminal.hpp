// What standard output can show.
#pragma once

#include "train/terminal.hpp"

namespace gradus::tool {

using gradus::train::Terminal;

inline Terminal standard_output() { return gradus::train::terminal(stdout); }
inline int terminal_width() { return gradus::train::terminal_width(stdout); }  // now: windows change

}  // namespace gradus::tool

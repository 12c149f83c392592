// What a place that text goes to can show.
#pragma once

#include <cstdio>

namespace gradus::train {

struct Terminal {
  bool live;     // a line may be rewritten
  bool colour;   // NO_COLOR is respected
  bool unicode;  // by the locale
};
Terminal terminal(std::FILE* to);

int terminal_width(std::FILE* to);  // now: windows change; 80 if it has none

}  // namespace gradus::train

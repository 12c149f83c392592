// What standard output can show.
#pragma once

#include <string_view>

namespace gradus::tool {

struct Terminal {
  bool live;     // a line may be rewritten
  bool colour;   // NO_COLOR is respected
  bool unicode;  // by the locale
};
Terminal standard_output();

int terminal_width();  // now: windows change

}  // namespace gradus::tool

// The state after a step, for programs.
#pragma once

#include <string>

#include "step/timeline.hpp"

namespace gradus::tool {

std::string state_json(const Timeline& timeline, int position);  // one line, without its end

}  // namespace gradus::tool

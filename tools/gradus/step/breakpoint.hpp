// Where the stepper is asked to stop.
#pragma once

#include <string>
#include <string_view>

#include "step/timeline.hpp"

namespace gradus::tool {

struct Breakpoint {
  enum class Kind { op, tensor, scope, line, nan, inf, nonfinite, zero, norm, check, fanin };
  int number = 0;
  std::string spec = {};  // as it was written
  Kind kind = Kind::fanin;
  std::string text = {};  // name of the operation, tensor or scope; verdict; end of the file's path
  int line = 0;
  double norm = 0;
};

// "op:matmul", "t:fc1.weight", "t7", "scope:fc1", "line:xor.cpp:16", "nan", "inf", "nonfinite", "zero", "norm>100",
// "check:bad", "fanin". Throws Stop (usage) with what b takes.
Breakpoint parse_breakpoint(std::string_view spec);

// Does this step, from 1 on, stop at it?
bool stops(const Timeline& timeline, int position, const Breakpoint& breakpoint);

}  // namespace gradus::tool

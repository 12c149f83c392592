// What a command line of gradus train does, as a program in C++.
#pragma once

#include <string>

#include "train/training.hpp"

namespace gradus::tool {

// The text of the program. It trains the same network to the same bits. The task's examples are as the net takes them.
std::string emit(const TrainOptions& options, const Task& task, const MakeOptimizer& optimizer,
                 const std::string& optimizer_type);

// A text as a literal of C++: with quotes, and with escapes for what needs them.
std::string literal(std::string_view text);

}  // namespace gradus::tool

// What is saved beside a trained network: all that is needed to use it again.
#pragma once

#include <gradus/gradus.hpp>

#include <string>

#include "train/training.hpp"

namespace gradus::tool {

// Throws Stop for class and column names that are not UTF-8.
io::Metadata describe(const TrainOptions& options, const Task& task, std::int64_t steps);

}  // namespace gradus::tool

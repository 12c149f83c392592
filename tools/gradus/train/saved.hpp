// Trained networks in files: what gradus train saves, and reading it again.
#pragma once

#include <gradus/train/model.hpp>

#include <string>

#include "train/training.hpp"

namespace gradus::tool {

// What is needed to use the network again.
train::Description description(const TrainOptions& options, const Task& task, std::int64_t steps);

// The same as texts. Throws Stop for class and column names that are not UTF-8.
io::Metadata describe(const TrainOptions& options, const Task& task, std::int64_t steps);

// Throws Stop with exit code 3 for a file that is no such network.
train::Model load_saved(const std::string& path);

}  // namespace gradus::tool

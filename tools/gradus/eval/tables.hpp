// The tables of gradus eval, for a terminal of some width.
#pragma once

#include <gradus/nn/metrics.hpp>

#include <string>
#include <vector>

namespace gradus::tool {

// Precision, recall, F1 and examples: a line for each class that occurs, and the means.
std::string scores_table(const ClassificationReport& report, const std::vector<std::string>& names);

// The counts, if they fit into the width: columns by name, or else by number. Otherwise the most frequent mistakes.
std::string confusion_table(const Tensor& confusion, const std::vector<std::string>& names, int width);

}  // namespace gradus::tool

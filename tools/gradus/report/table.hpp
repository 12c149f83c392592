// The numbers of runs for other programs.
#pragma once

#include <string>
#include <vector>

#include "report/runs.hpp"

namespace gradus::tool {

// A row for each step and each epoch of every run; columns for all metrics that any run has.
void print_table(const std::vector<Run>& runs);
// Codes, diagnoses, outcomes and settings that differ.
std::string summary_json(const std::vector<Run>& runs);

}  // namespace gradus::tool

// A run of several ranks, from its start to its end, with restarts.
#pragma once

#include "cli/command.hpp"
#include "launch/job.hpp"

namespace gradus::tool {

// The exit code of the first rank that failed; 0 if none did.
Exit launch(const LaunchOptions& o);

}  // namespace gradus::tool

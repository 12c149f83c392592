// What becomes of the learning rate: constant, cosine, linear, onecycle, warmup.
#pragma once

#include <gradus/optim/optim.hpp>

#include <string>

namespace gradus::tool {

using MakeSchedule = optim::Schedule (*)(double lr, std::int64_t steps);

// Throws Stop for a name that is not known.
MakeSchedule parse_schedule(const std::string& name);

}  // namespace gradus::tool

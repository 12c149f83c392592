// The C++ program that does what a session does.
#pragma once

#include "session.hpp"

namespace gradus::web {

// Its loss after these steps has the bits of the session's, in the baseline build.
std::string program_of(const Session& session, std::int64_t steps);

}  // namespace gradus::web

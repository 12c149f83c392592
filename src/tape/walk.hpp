// What the files of a walk share.
#pragma once

#include <gradus/observe.hpp>
#include <gradus/op.hpp>

#include "tape/observers.hpp"

namespace gradus::detail {

// Vjp::pending_ if it is no input. A walk calls observed() once for each visit: rules give often.
inline constexpr int nobody_watches = -1, nothing_pending = -2;

}  // namespace gradus::detail

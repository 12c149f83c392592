// The operations of a kit by name.
#pragma once

#include <string>
#include <vector>

#include "verify/bounds.hpp"
#include "verify/kit.hpp"

namespace gradus::tool {

// Runs one on operands named by their roles ("x", "weight", …), in the kit's order, if the budget has enough for it.
// Throws NotImplemented.
std::vector<Tensor> call_operation(const std::string& name, const StateDict& operands, const Json& attributes,
                                   Budget& budget);

}  // namespace gradus::tool

// What every function over a dataset asks first.
#pragma once

#include <gradus/data/dataset.hpp>

namespace gradus::data {

// Throws unless x and y agree in their number of examples, of which there is one at least.
void check(const Dataset& data, const char* operation, Loc where);

}  // namespace gradus::data

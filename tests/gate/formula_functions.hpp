// The functions that lines may call, in plain numbers.
#pragma once

#include "gate/array.hpp"

namespace formula {

Array softmax(const Array& x, int axis, bool logarithm);
Array product_of_others(const Array& x, const std::vector<int>& axes);
Array orthogonalized(const Array& given, int steps);  // Newton and Schulz, as in Muon's paper
// Quarter k of the last axis, or entry k of the first.
Array piece(const Array& x, std::int64_t k, bool quarter);
double function(const std::string& name, double x);          // "tanh", "σ'", …
double binary(const std::string& sign, double a, double b);  // "+", "<=", "max", …

}  // namespace formula

// The functions that lines may call, in plain numbers.
#pragma once

#include <optional>

#include "gate/array.hpp"

namespace formula {

Array softmax(const Array& x, int axis, bool logarithm);
Array product_of_others(const Array& x, const std::vector<int>& axes);
Array orthogonalized(const Array& given, int steps);  // Newton and Schulz, as in Muon's paper
// Quarter k of the last axis, or entry k of the first.
Array piece(const Array& x, std::int64_t k, bool quarter);
// "inverse", "cumprod", …: of whole arrays. Nothing for other names.
std::optional<Array> array_function(const std::string& name, const std::vector<Array>& parts,
                                    const std::vector<int>& axes);
double cofactor(const std::vector<std::vector<double>>& m, std::size_t i, std::size_t j);
double function(const std::string& name, double x);          // "tanh", "σ'", …
double binary(const std::string& sign, double a, double b);  // "+", "<=", "max", …

}  // namespace formula

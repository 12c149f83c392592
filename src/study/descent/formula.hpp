// Formulas in x and y, as instructions for a stack of tensors.
#pragma once

#include <functional>
#include <string_view>

#include <gradus/tensor.hpp>

namespace gradus::study {

std::function<Tensor(const Tensor& x, const Tensor& y)> parse_formula(std::string_view text, Loc where);

}  // namespace gradus::study

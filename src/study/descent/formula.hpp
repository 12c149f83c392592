// Formulas in x and y, as instructions for a stack of tensors.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gradus/tensor.hpp>

namespace gradus::study {

std::function<Tensor(const Tensor& x, const Tensor& y)> parse_formula(std::string_view text, Loc where);

// The same in other variables, at least one, of which none need occur. Names are letters.
std::function<Tensor(const std::vector<Tensor>& values)> parse_formula(std::string_view text,
                                                                       const std::vector<std::string>& names,
                                                                       Loc where);

// The same as a JSON list for the script of a page, in the order of a stack: ["x",2,"^","sin"]. Empty if the text is no
// formula.
std::string formula_program(std::string_view text);

// Is it a formula that does not depend on y?
bool is_of_one_variable(std::string_view text);

}  // namespace gradus::study

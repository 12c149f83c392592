// What the reader has written into the holes of an exercise: formulas, a choice, an order of lines.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "study/descent/formula.hpp"

namespace gradus::web {

inline std::vector<std::string> written;  // the name of the exercise, then one text for each hole

inline const std::string& hole_text(std::size_t i) {
  if (i >= written.size() || written[i].empty())
    throw Error("exercise", {.wrong = "there is still an empty field", .advice = "fill all of them"});
  return written[i];
}

// The value of formula number `i` (1, 2 …), where these names have these values.
inline Tensor formula(std::size_t i, const std::vector<std::pair<std::string, Tensor>>& known) {
  std::vector<std::string> names;
  std::vector<Tensor> values;
  for (const auto& [name, value] : known) names.push_back(name), values.push_back(value);
  return study::parse_formula(hole_text(i), names, Loc::current())(values);
}
// The same of numbers.
inline double number(std::size_t i, const std::vector<std::pair<std::string, double>>& known) {
  std::vector<std::pair<std::string, Tensor>> values;
  for (const auto& [name, value] : known) values.emplace_back(name, scalar(value, f64));
  return formula(i, values).item();
}

}  // namespace gradus::web

using gradus::web::formula, gradus::web::number, gradus::web::hole_text, gradus::web::written;

// Infinities that constants have brought, element by element.
#include "study/intended.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

namespace gradus::study {

namespace {

bool is_any_of(std::string_view name, std::span<const std::string_view> all) {
  return std::find(all.begin(), all.end(), name) != all.end();
}

bool by_elements(std::string_view name) {
  static constexpr std::array<std::string_view, 13> all{"add",        "sub",     "mul",  "div", "where",
                                                        "maximum",    "minimum", "neg",  "abs", "add_scalar",
                                                        "mul_scalar", "to",      "clone"};
  return is_any_of(name, all);
}

bool moves(std::string_view name) {
  static constexpr std::array<std::string_view, 11> all{"expand",  "reshape", "permute", "slice",
                                                        "unslice", "concat",  "stack",   "index_select",
                                                        "gather",  "flip",    "select"};
  return is_any_of(name, all);
}

}  // namespace

unsigned Intended::given(const RecordEvent& e) const {
  const std::vector<int> numbers = e.tape[e.node].inputs();
  unsigned bits = 0;
  for (std::size_t k = 0; k < numbers.size() && k < 32; ++k) {
    const bool constant = numbers[k] < 0 || e.tape[numbers[k]].is_constant();
    if (constant || nodes_.contains(numbers[k])) bits |= 1u << k;
  }
  return bits;
}

void Intended::view(const RecordEvent& e) {
  if (reads(e)) nodes_.insert(e.node);
}

bool Intended::computed(const RecordEvent& e) {
  const std::string_view name = e.tape[e.node].name();
  const bool each = by_elements(name);
  const unsigned bits = given(e);
  if (bits == 0 || !(each || moves(name))) return true;
  const std::vector<double> result = e.value.to_vector();
  std::vector<bool> put(result.size(), false);
  bool somewhere = false;
  for (std::size_t k = 0; k < e.in.size() && k < 32; ++k) {
    if ((bits >> k & 1u) == 0) continue;
    const std::vector<double> x = e.in[k]->to_vector();
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!std::isinf(x[i])) continue;
      somewhere = true;
      if (i < put.size()) put[i] = true;
    }
  }
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (std::isnan(result[i])) return true;
    if (std::isinf(result[i]) && (each ? !put[i] : !somewhere)) return true;
  }
  nodes_.insert(e.node);
  return false;
}

}  // namespace gradus::study

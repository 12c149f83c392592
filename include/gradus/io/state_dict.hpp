// Tensors by name: what modules and optimizers give away, and what files hold.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gradus/tensor.hpp>

namespace gradus {

using StateDict = std::vector<std::pair<std::string, Tensor>>;  ///< in order of first insertion; names are unique

/// Null if there is none of that name.
inline const Tensor* find(const StateDict& state, std::string_view name) {
  for (const auto& [key, tensor] : state)
    if (key == name) return &tensor;
  return nullptr;
}

}  // namespace gradus

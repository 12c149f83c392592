// How many answers of a classifier are right, counted where the numbers lie.
#pragma once

#include <cstdint>
#include <optional>

#include <gradus/tensor.hpp>

namespace gradus::train {

struct Right {
  std::int64_t right, all;
};

// As accuracy(): output (N, C), target (N) i64. Nothing for other shapes and dtypes.
std::optional<Right> right_answers(const Tensor& output, const Tensor& target);

}  // namespace gradus::train

// What the losses share.
#pragma once

#include "ops/common.hpp"

namespace gradus::detail {

inline void check_mean(const char* name, const Arg& input, Reduction reduction) {
  const bool means = reduction == Reduction::mean || reduction == Reduction::batch_mean;
  if (means && input.tensor().numel() == 0)
    fail(name,
         {.wrong = "the batch is empty and has no mean",
          .got = "shape " + to_string(input.tensor().shape()),
          .advice = "leave empty batches out, or take Reduction::sum"},
         input);
}

inline double rows(const Tensor& loss) { return loss.dim() ? static_cast<double>(loss.size(0)) : 1; }

inline Tensor finish(const Tensor& loss, Reduction reduction) {
  if (reduction == Reduction::none) return loss;
  if (reduction == Reduction::mean) return mean(loss);
  return reduction == Reduction::sum ? sum(loss) : sum(loss) * (1 / rows(loss));
}

// "target[3, 1]", for element i in row-major order
inline std::string element(const char* what, const Shape& shape, std::int64_t i) {
  std::string text;
  for (int axis = shape.size() - 1; axis >= 0; --axis) {
    text = std::to_string(i % shape[axis]) + (text.empty() ? "" : ", ") + text;
    i /= shape[axis];
  }
  return text.empty() ? what : std::string(what) + '[' + text + ']';
}

}  // namespace gradus::detail

// What the losses share.
#pragma once

#include "ops/common.hpp"

namespace gradus::detail {

inline void check_mean(const char* name, const Arg& input, Reduction reduction) {
  const bool means = reduction == Reduction::mean || reduction == Reduction::batch_mean;
  if (means && input.tensor().numel() == 0)
    fail(name,
         {.wrong = "an empty batch has no mean",
          .got = "shape " + to_string(input.tensor().shape()),
          .advice = "skip empty batches, or use Reduction::sum"},
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

// Refuses the first number for which ok(number) is false.
template <class Ok>
void check_numbers(const char* name, const char* what, const Arg& x, const char* expected, const char* advice, Ok ok) {
  const Tensor t = dense(x.tensor());
  visit_floating(t.dtype(), [&]<class T>() {
    const T* number = data<T>(t);
    for (std::int64_t i = 0; i < t.numel(); ++i)
      if (!ok(static_cast<double>(number[i])))
        fail(name,
             {.wrong = std::string(what) + " has an element out of range",
              .got = formatted("{} = {}", element(what, t.shape(), i), number_text(number[i])),
              .expected = expected,
              .advice = advice},
             x);
  });
}

inline void check_probabilities(const char* name, const char* what, const Arg& x, const char* advice) {
  check_numbers(name, what, x, "probabilities: 0 to 1", advice, [](double p) { return p >= 0 && p <= 1; });
}

}  // namespace gradus::detail

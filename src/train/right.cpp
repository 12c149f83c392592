// Counting right answers.
#include "train/right.hpp"

#include "tensor/impl.hpp"

namespace gradus::train {

std::optional<Right> right_answers(const Tensor& output, const Tensor& target) {
  if (!output.defined() || !target.defined() || target.dtype() != i64 || !is_floating(output.dtype())) return {};
  if (output.dim() != 2 || target.dim() != 1 || output.size(0) != target.size(0) || output.size(1) < 2) return {};
  const Tensor x = gradus::detail::dense(output);
  const Tensor y = gradus::detail::dense(target);
  const std::int64_t* labels = gradus::detail::data<std::int64_t>(y);
  const std::int64_t classes = x.size(1);
  Right counted{0, y.numel()};
  gradus::detail::visit_floating(x.dtype(), [&]<class T>() {
    const T* row = gradus::detail::data<T>(x);
    for (std::int64_t i = 0; i < counted.all; ++i, row += classes) {
      if (labels[i] < 0 || labels[i] >= classes) continue;
      const T mine = row[labels[i]];
      std::int64_t c = 0;
      while (c < labels[i] && row[c] < mine) ++c;  // NaN compares false: a row with one is wrong
      if (c < labels[i]) continue;
      while (c < classes && row[c] <= mine) ++c;
      counted.right += c == classes;
    }
  });
  return counted;
}

}  // namespace gradus::train

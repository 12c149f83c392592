// Several tensors as one vector.
#pragma once

#include <vector>

#include <gradus/ops/elementwise.hpp>
#include <gradus/ops/shape.hpp>

namespace gradus::detail {

// All numbers of the parts one after the other, in f64, recorded as anything else is.
inline Tensor as_vector(const std::vector<Tensor>& parts) {
  std::vector<Tensor> flat;
  for (const Tensor& p : parts) flat.push_back((p.dtype() == f64 ? p : to(p, f64)).reshape({p.numel()}));
  return concat(flat);
}

// A vector cut into tensors of the shapes and dtypes of `like`.
inline std::vector<Tensor> as_parts(const Tensor& vector, const std::vector<Tensor>& like) {
  std::vector<Tensor> parts;
  std::int64_t begin = 0;
  for (const Tensor& p : like) {
    const Tensor part = slice(vector, 0, {begin, begin + p.numel()}).reshape(p.shape());
    parts.push_back(p.dtype() == f64 ? clone(part) : to(part, p.dtype()));
    begin += p.numel();
  }
  return parts;
}

}  // namespace gradus::detail

// All parameters as one vector, for optimizers that move them along one direction.
#pragma once

#include <cmath>

#include <gradus/optim/optimizer.hpp>

#include "derivatives/flat.hpp"
#include "tensor/loops.hpp"
#include "tensor/number.hpp"

namespace gradus::optim {

// Writes the vector x, of all numbers of the parameters, back into those that are not frozen.
inline void assign(const std::vector<Tensor>& parameters, const Tensor& x, const char* by, Loc where) {
  std::int64_t begin = 0;
  for (const Tensor& p : parameters) {
    const std::int64_t end = begin + p.numel();
    if (p.requires_grad()) {
      gradus::detail::changed(p, by, where);
      gradus::detail::assign_strided(*slice(x, 0, {begin, end}).reshape(p.shape()).impl(), *p.impl());
    }
    begin = end;
  }
}

// A step that would follow a NaN is refused before anything changes.
inline void check_loss(const char* optimizer, double loss, Loc where) {
  if (std::isfinite(loss)) return;
  throw Error(optimizer,
              {.wrong = "the loss is not a finite number",
               .got = gradus::detail::number_text(loss),
               .advice = "guard_nonfinite() names the operation that makes it so"},
              where);
}

// The parameters that take part in a step.
inline std::vector<Tensor> trained(const std::vector<Tensor>& parameters) {
  std::vector<Tensor> active;
  for (const Tensor& p : parameters)
    if (p.requires_grad()) active.push_back(p);
  return active;
}

}  // namespace gradus::optim

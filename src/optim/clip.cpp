#include <gradus/optim/clip.hpp>

#include <cmath>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "tensor/impl.hpp"

namespace gradus::optim {
namespace {

// The gradients there are. One that was recorded, or that is a view, is replaced by a copy first, so that it can be changed.
std::vector<Tensor> gradients(const std::vector<Tensor>& parameters, const char* operation, Loc where) {
  for (const Tensor& p : parameters) gradus::detail::check_defined(p, operation, where);
  std::vector<Tensor> all;
  for (Tensor p : parameters) {
    const Tensor g = p.grad();
    if (!g.defined()) continue;
    if (g.impl()->tape || !g.is_contiguous()) p.set_grad(clone(g.detach()));
    all.push_back(p.grad());
  }
  return all;
}

// The sum of |x|^power, or the largest |x|.
double size(const Tensor& g, double power) {
  const Tensor x = to(g, f64);
  if (std::isinf(power)) return max(abs(x)).item();
  if (power == 2) return sum(square(x)).item();
  if (power == 1) return sum(abs(x)).item();
  return sum(pow(abs(x), power)).item();
}

void check_positive(double value, const char* operation, const char* what, Loc where) {
  if (!(value > 0))
    throw Error(operation,
                {.wrong = std::string(what) + " is not positive", .got = std::to_string(value), .expected = "more than 0"},
                gradus::detail::user_line(where));
}

}  // namespace

double clip_grad_norm(const std::vector<Tensor>& parameters, double max_norm, double norm_type, Loc where) {
  check_positive(max_norm, "clip_grad_norm", "max_norm", where);
  check_positive(norm_type, "clip_grad_norm", "norm_type", where);
  const At at(where);
  const NoRecord pause;
  const std::vector<Tensor> grads = gradients(parameters, "clip_grad_norm", where);
  double total = 0;
  for (const Tensor& g : grads) {
    if (g.numel() == 0) continue;
    const double part = size(g, norm_type);
    if (!std::isinf(norm_type)) total += part;
    else if (!(part <= total)) total = part;  // a NaN wins …
    if (std::isnan(total)) break;             // … and stays
  }
  if (!std::isinf(norm_type)) total = norm_type == 2 ? std::sqrt(total) : std::pow(total, 1 / norm_type);
  const double factor = max_norm / (total + 1e-6);
  if (!(factor >= 1))
    for (Tensor g : grads) g.mul_(factor);
  return total;
}

void clip_grad_value(const std::vector<Tensor>& parameters, double clip_value, Loc where) {
  check_positive(clip_value, "clip_grad_value", "clip_value", where);
  const At at(where);
  const NoRecord pause;
  for (Tensor g : gradients(parameters, "clip_grad_value", where)) g.copy_(clamp(g, -clip_value, clip_value));
}

}  // namespace gradus::optim

#include <gradus/optim/clip.hpp>

#include <algorithm>
#include <cmath>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "kernels/kernels.hpp"
#include "tensor/impl.hpp"
#include "tensor/number.hpp"

namespace gradus::optim {
namespace {

// The gradients there are. One that was recorded, or that is a view, is replaced by a copy first, so that it can be
// changed.
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

// Adds |x|^power of every element to the total, or raises it to the largest |x|. In pieces that stay in the cache.
void add_size(const Tensor& g, double power, double& total) {
  const auto& f64s = kernels::table<double>();
  const bool largest = std::isinf(power);
  double piece[1024], part = 0;
  for (std::int64_t begin = 0; begin < g.numel(); begin += 1024) {
    const std::int64_t n = std::min<std::int64_t>(1024, g.numel() - begin);
    if (g.dtype() == f32)
      kernels::convert(n, gradus::detail::data<float>(g) + begin, 1, piece);
    else
      kernels::convert(n, gradus::detail::data<double>(g) + begin, 1, piece);
    (power == 2 ? f64s.square : f64s.abs)(n, piece, 1, piece);
    if (power != 1 && power != 2 && !largest) f64s.pow_scalar(n, piece, 1, piece, power, 0);
    (largest ? f64s.max : f64s.sum)(1, n, 1, piece, &part);
    if (!largest)
      total += part;
    else if (!(part <= total) && !std::isnan(total))
      total = part;
  }
}

void check_positive(double value, const char* operation, const char* what, Loc where) {
  if (!(value > 0))
    throw Error(operation,
                {.wrong = std::string(what) + " is not positive",
                 .got = gradus::detail::number_text(value),
                 .expected = "more than 0"},
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
  for (const Tensor& g : grads) add_size(g, norm_type, total);
  if (norm_type == 2)
    total = std::sqrt(total);
  else if (!std::isinf(norm_type))
    total = std::pow(total, 1 / norm_type);
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

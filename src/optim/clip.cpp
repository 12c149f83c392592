// Norms of gradients, in f64 and without overflow, and cutting gradients to size.
#include <gradus/optim/clip.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "kernels/kernels.hpp"
#include "tensor/impl.hpp"
#include "tensor/number.hpp"

namespace gradus::optim {
namespace {

// The gradients, each once. One that was recorded, that is a view, or that two parameters share is replaced by a copy
// first, so that it can be changed.
std::vector<Tensor> gradients(const std::vector<Tensor>& parameters, const char* operation, Loc where) {
  for (const Tensor& p : parameters) gradus::detail::check_defined(p, operation, where);
  std::vector<Tensor> all;
  std::set<const gradus::detail::TensorImpl*> seen;
  for (Tensor p : parameters) {
    const Tensor g = p.grad();
    if (!g.defined() || !seen.insert(p.impl()).second) continue;
    const bool shared = !seen.insert(g.impl()).second;
    if (shared || g.impl()->tape || !g.is_contiguous()) p.set_grad(clone(g.detach()));
    all.push_back(p.grad());
  }
  return all;
}

// Adds |x / unit|^power of every element to the total, or raises it to the largest |x|. In pieces that stay in the
// cache.
void add_size(const Tensor& g, double power, double unit, double& total) {
  const auto& f64s = kernels::table<double>();
  const bool largest = std::isinf(power);
  double piece[1024];
  for (std::int64_t begin = 0; begin < g.numel(); begin += 1024) {
    const std::int64_t n = std::min<std::int64_t>(1024, g.numel() - begin);
    if (g.dtype() == f32)
      kernels::convert(n, gradus::detail::data<float>(g) + begin, 1, piece);
    else
      kernels::convert(n, gradus::detail::data<double>(g) + begin, 1, piece);
    if (unit != 1)
      for (std::int64_t i = 0; i < n; ++i) piece[i] /= unit;
    (power == 2 ? f64s.square : f64s.abs)(n, piece, 1, piece);
    if (power != 1 && power != 2 && !largest) f64s.pow_scalar(n, piece, 1, piece, power, 0);
    double part = 0;
    (largest ? f64s.max : f64s.sum)(1, n, 1, piece, &part);
    if (!largest)
      total += part;
    else if (!(part <= total) && !std::isnan(total))
      total = part;
  }
}

double total_of(const std::vector<Tensor>& grads, double power, double unit) {
  double total = 0;
  for (const Tensor& g : grads) add_size(g, power, unit, total);
  return total;
}

double root_of(double total, double power) { return power == 2 ? std::sqrt(total) : std::pow(total, 1 / power); }

// The norm is unit · scaled. The unit is 1, or the largest element where powers would leave the range of f64.
struct Norm {
  double unit, scaled;
};

Norm norm_of(const std::vector<Tensor>& grads, double power) {
  if (std::isinf(power)) return {1, total_of(grads, power, 1)};
  const double total = total_of(grads, power, 1);
  const bool accurate = std::isnan(total) || (total > 0x1p-900 && total < std::numeric_limits<double>::infinity());
  if (accurate) return {1, root_of(total, power)};
  const double largest = total_of(grads, std::numeric_limits<double>::infinity(), 1);
  if (largest == 0 || !std::isfinite(largest)) return {1, largest};
  return {largest, root_of(total_of(grads, power, largest), power)};
}

void check_positive(double value, const char* operation, const char* what, Loc where) {
  if (!(value > 0))
    throw Error(operation,
                {.wrong = std::string(what) + " is not positive",
                 .got = gradus::detail::number_text(value),
                 .expected = "more than 0"},
                gradus::detail::user_line(where));
}

void refuse_nonfinite(double norm, Loc where) {
  throw Error("clip_grad_norm",
              {.wrong = "a gradient has a NaN or an infinity, and error_if_nonfinite is set",
               .got = "a norm of " + gradus::detail::number_text(norm),
               .advice = "guard_nonfinite() names the operation that makes it so"},
              gradus::detail::user_line(where));
}

}  // namespace

double clip_grad_norm(const std::vector<Tensor>& parameters, double max_norm, double norm_type, bool error_if_nonfinite,
                      Loc where) {
  check_positive(max_norm, "clip_grad_norm", "max_norm", where);
  check_positive(norm_type, "clip_grad_norm", "norm_type", where);
  const At at(where);
  const NoRecord pause;
  const std::vector<Tensor> grads = gradients(parameters, "clip_grad_norm", where);
  const Norm size = norm_of(grads, norm_type);
  const double norm = size.unit * size.scaled;
  const bool finite = std::isfinite(size.scaled);  // the product may overflow all the same
  if (!finite && error_if_nonfinite) refuse_nonfinite(norm, where);
  if (finite && std::isinf(norm)) {
    for (Tensor g : grads) {
      g.mul_(0x1p-600);
      g.mul_(max_norm / (size.unit * 0x1p-600 * size.scaled));
    }
    return norm;
  }
  const double factor = max_norm / (norm + 1e-6);
  if (!(factor >= 1))
    for (Tensor g : grads) g.mul_(factor);
  return norm;
}

void clip_grad_value(const std::vector<Tensor>& parameters, double clip_value, Loc where) {
  check_positive(clip_value, "clip_grad_value", "clip_value", where);
  const At at(where);
  const NoRecord pause;
  for (Tensor g : gradients(parameters, "clip_grad_value", where)) g.copy_(clamp(g, -clip_value, clip_value));
}

}  // namespace gradus::optim

// Newton: the Hessian of all parameters, and the solution of its linear system.
#include <gradus/optim/newton.hpp>

#include <algorithm>
#include <cmath>

#include <gradus/op.hpp>

#include "nn/unlisted.hpp"
#include "optim/parameter_vector.hpp"
#include "tape/guards.hpp"

namespace gradus::optim {
namespace {

// x of A x = b by elimination with row pivots; false where A is singular. A is n rows of n numbers.
bool solve(std::vector<double>& a, std::vector<double>& b) {
  const std::size_t n = b.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < n; ++i)
      if (std::abs(a[i * n + k]) > std::abs(a[pivot * n + k])) pivot = i;
    if (!(std::abs(a[pivot * n + k]) > 0)) return false;
    if (pivot != k) {
      std::swap_ranges(a.begin() + static_cast<std::ptrdiff_t>(k * n),
                       a.begin() + static_cast<std::ptrdiff_t>(k * n + n),
                       a.begin() + static_cast<std::ptrdiff_t>(pivot * n));
      std::swap(b[k], b[pivot]);
    }
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = a[i * n + k] / a[k * n + k];
      if (factor == 0) continue;
      for (std::size_t j = k; j < n; ++j) a[i * n + j] -= factor * a[k * n + j];
      b[i] -= factor * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) b[k] -= a[k * n + j] * b[j];
    b[k] /= a[k * n + k];
  }
  return true;
}

}  // namespace

void Newton::step(Loc where) { refuse_plain_step("step([&] { return loss(…); })", where); }

double Newton::step(const Objective& loss, Loc where) {
  where = gradus::detail::user_line(where);
  check_one_group(where);
  const std::vector<Tensor> p = trained(parameters());
  std::int64_t n = 0;
  for (const Tensor& t : p) n += t.numel();
  if (n == 0 || n > most)
    throw Error(
        type(),
        {.wrong = n == 0 ? "every parameter is frozen" : "too many parameters to form their Hessian",
         .got = std::to_string(n) + " numbers",
         .expected = "1 to " + std::to_string(most),
         .advice = n == 0 ? "unfreeze some: requires_grad_()" : "use NewtonCG, which does not form the Hessian"},
        where);
  const gradus::detail::Aside aside;
  double before = 0;
  Tensor gradient, hessian;
  {
    Tape tape;
    const Tensor y = loss();
    before = y.item(where);
    const Curvature h(tape, Arg(y, where), p);
    gradient = h.gradient();
    hessian = h.matrix();
  }
  check_loss(type(), before, where);
  nn::detail::refuse_unlisted(type(), p, true, where);
  const NoRecord pause;
  std::vector<double> a = (hessian + eye(n, f64) * options().damping).to_vector();
  std::vector<double> b = gradient.to_vector();
  const auto finite = [](double x) { return std::isfinite(x); };
  if (!std::all_of(a.begin(), a.end(), finite) || !std::all_of(b.begin(), b.end(), finite))
    throw Error(type(),
                {.wrong = "the gradient or the Hessian has a NaN or an infinity",
                 .advice = "gradcheck() finds the operation at fault"},
                where);

  if (!solve(a, b))
    throw Error(type(),
                {.wrong = "the Hessian is singular: the quadratic model has no single stationary point",
                 .got = "a pivot of 0 in elimination",
                 .advice = "set {.damping = …} above 0, or use NewtonCG"},
                where);
  const std::vector<Tensor> gradients = gradus::detail::as_parts(gradient, p);
  for (std::size_t i = 0; i < p.size(); ++i) Tensor(p[i]).set_grad(gradients[i]);
  std::int64_t steps = 0;
  for (Entry& e : entries_) {
    if (!e.value.requires_grad()) continue;
    e.ready = true;
    e.dtype = e.value.dtype();
    e.shape = e.value.shape();
    steps = ++e.state.step;
  }
  tell_all(steps, true);
  assign(p, gradus::detail::as_vector(p) - from_data(b, {n}) * options().lr, type(), where);
  tell_all(steps, false);
  return before;
}

}  // namespace gradus::optim

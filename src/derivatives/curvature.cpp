// The Hessian as a map, and its largest eigenvalue by power iteration.
#include <gradus/curvature.hpp>

#include <algorithm>
#include <cmath>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "derivatives/flat.hpp"
#include "derivatives/record.hpp"
#include "kernels/random.hpp"
#include "tensor/number.hpp"

namespace gradus {

using namespace detail;

// ---- a Hessian as a map ----

Curvature::Curvature(Tape& tape, const Arg& y, std::vector<Tensor> x)
    : tape_(&tape), tape_id_(tape.id()), x_(std::move(x)) {
  const At at(y);
  check_defined(y, "Curvature", y.where);
  if (x_.empty())
    throw Error("Curvature", {.wrong = "there is no x to differentiate for", .got = "an empty list"},
                user_line(y.where));
  for (const Tensor& t : x_) check_defined(t, "Curvature", y.where);
  if (tape.index_of(y) >= 0) {
    recorded_ = as_vector(tape.gradient(y, x_, {.record = true}));
    gradient_ = recorded_.detach();
  } else {  // y does not depend on x
    const NoRecord pause;
    std::vector<Tensor> none;
    for (const Tensor& t : x_) none.push_back(zeros_like(t));
    recorded_ = gradient_ = as_vector(none);
  }
  size_ = gradient_.numel();
}

Tensor Curvature::times(const Tensor& v, Loc where) const {
  if (!recorded_.defined()) throw Error("Curvature", {.wrong = "this object has been moved from"}, user_line(where));
  if (thread_state().tape_id != tape_id_)
    throw Error("Curvature",
                {.wrong = "its tape is not the live tape of this thread: it has ended, or lives on another thread",
                 .advice = "use the Curvature while its tape lives"},
                user_line(where));
  check_defined(v, "Curvature::times", where);
  if (v.shape() != Shape{size_} || !is_floating(v.dtype()))
    throw Error("Curvature::times",
                {.wrong = "v has the wrong shape or dtype",
                 .got = to_string(v.shape()) + " " + name(v.dtype()),
                 .expected = to_string(Shape{size_}) + " f64 or f32"},
                user_line(where));
  if (tape_->index_of(recorded_) < 0) return zeros({size_}, f64);  // a constant gradient
  const auto product =
      tape_->gradient(Arg(recorded_, where), x_, {.cotangent = v.dtype() == f64 ? v.detach() : to(v, f64).detach()});
  const NoRecord pause;
  return as_vector(product);
}

Tensor Curvature::matrix(Loc where) const {
  const NoRecord pause;
  const Tensor unit = eye(size_, f64);
  std::vector<Tensor> rows;
  for (std::int64_t i = 0; i < size_; ++i) rows.push_back(times(select(unit, 0, i).clone(), where));
  return rows.empty() ? unit : stack(rows);
}

// ---- the largest eigenvalue ----

namespace {

double dot(const Tensor& a, const Tensor& b) { return sum(a * b).item(); }
double length_of(const Tensor& v) { return std::sqrt(dot(v, v)); }

// Iterates v = (H + shift) v / |…| from v, until it no longer turns or `last` products have been taken. `size` becomes
// the largest |(H + shift) v| if that is more.
void iterate(const Curvature& h, double shift, double tolerance, int last, Eigenvalue& e, double& size, Loc where) {
  e.converged = false;
  while (e.iterations < last && !e.converged) {
    const Tensor product = h.times(e.vector, where);
    const Tensor w = product + e.vector * shift;
    ++e.iterations;
    const double length = length_of(w);
    const double along = dot(e.vector, w);
    size = std::max(size, length);
    e.value = along - shift;
    // A part of |H v|, not of |(H + shift) v|: a large shift would make any v look good.
    e.converged = length_of(w - e.vector * along) <= tolerance * length_of(product);
    if (!(length > 0) || !std::isfinite(length)) return;  // H is 0, or holds a NaN or an infinity
    e.vector = w * (1 / length);
  }
}

void check_options(const EigenvalueOptions& o, Loc where) {
  if (o.iterations < 1)
    throw Error("largest_eigenvalue",
                {.wrong = "iterations is out of range", .got = std::to_string(o.iterations), .expected = "1 or more"},
                where);
  if (!(o.tolerance >= 0))
    throw Error("largest_eigenvalue",
                {.wrong = "tolerance is out of range", .got = number_text(o.tolerance), .expected = "0 or more"},
                where);
}

}  // namespace

Eigenvalue largest_eigenvalue(const Curvature& h, const EigenvalueOptions& options, Loc where) {
  where = user_line(where);
  check_options(options, where);
  const NoRecord pause;
  Eigenvalue e;
  std::vector<double> start(static_cast<std::size_t>(h.size()));
  kernels::normal(options.seed, 0, h.size(), start.data());
  const Tensor first = from_data(start, {h.size()});
  e.vector = first * (1 / std::max(length_of(first), 1e-150));
  double size = 0;
  iterate(h, 0, options.tolerance, std::max(1, options.iterations / 2), e, size, where);
  if ((e.converged && e.value >= 0) || !std::isfinite(e.value)) return e;
  // Moved up by the largest size, no eigenvalue is negative, and the largest one wins.
  e.vector = first * (1 / std::max(length_of(first), 1e-150));
  double ignored = 0;
  iterate(h, size, options.tolerance, options.iterations, e, ignored, where);
  return e;
}

Eigenvalue largest_eigenvalue(const Objective& f, const std::vector<Tensor>& x, const EigenvalueOptions& options,
                              Loc where) {
  where = user_line(where);
  check_options(options, where);
  const Aside aside;
  Tape tape({}, where);
  const Tensor y = record_number(tape, f, x, "largest_eigenvalue", where);
  return largest_eigenvalue(Curvature(tape, Arg(y, where), x), options, where);
}

}  // namespace gradus

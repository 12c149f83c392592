#include <gradus/curvature.hpp>

#include <algorithm>
#include <cmath>

#include <gradus/ops.hpp>

#include "kernels/random.hpp"
#include "derivatives/flat.hpp"
#include "tape/observers.hpp"

namespace gradus {

using detail::as_parts;
using detail::as_vector;
using detail::Aside;

// ---- a Hessian as a map ----

Curvature::Curvature(Tape& tape, const Arg& y, std::vector<Tensor> x) : tape_(&tape), x_(std::move(x)) {
  const At at(y);
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
  if (v.shape() != Shape{size_})
    throw Error("Curvature::times",
                {.wrong = "the vector does not fit", .got = to_string(v.shape()), .expected = to_string(Shape{size_})},
                where);
  if (tape_->index_of(recorded_) < 0) return zeros({size_}, f64);  // a constant gradient
  const auto product =
      tape_->gradient(Arg(recorded_, where), x_, {.cotangent = v.dtype() == f64 ? v.detach() : to(v, f64).detach()});
  const NoRecord pause;
  return as_vector(product);
}

Tensor Curvature::matrix() const {
  const NoRecord pause;
  const Tensor unit = eye(size_, f64);
  std::vector<Tensor> rows;
  for (std::int64_t i = 0; i < size_; ++i) rows.push_back(times(select(unit, 0, i).clone()));
  return stack(rows);
}

// ---- of a function ----

namespace {

Tensor record(Tape& tape, const Objective& f, const std::vector<Tensor>& x, Loc where) {
  for (const Tensor& t : x)
    if (!t.requires_grad()) tape.watch(t, where);
  return f();
}

}  // namespace

std::vector<Tensor> hvp(const Objective& f, const std::vector<Tensor>& x, const std::vector<Tensor>& v, Loc where) {
  const bool fits = x.size() == v.size() && std::equal(x.begin(), x.end(), v.begin(), [](const auto& a, const auto& b) {
                      return a.shape() == b.shape();
                    });
  if (!fits)
    throw Error("hvp",
                {.wrong = "a vector for each x is needed, of its shape",
                 .got = std::to_string(x.size()) + " x and " + std::to_string(v.size()) + " v"},
                where);
  const Aside aside;
  Tape tape;
  const Tensor y = record(tape, f, x, where);
  const Curvature h(tape, Arg(y, where), x);
  const NoRecord pause;
  return as_parts(h.times(as_vector(v).detach(), where), x);
}

Tensor hessian(const Objective& f, const Tensor& x, Loc where) {
  const Aside aside;
  Tape tape;
  const Tensor y = record(tape, f, {x}, where);
  const Curvature h(tape, Arg(y, where), {x});
  const NoRecord pause;
  Shape shape = x.shape();
  for (const std::int64_t n : x.shape()) shape.insert(shape.size(), n);
  return h.matrix().reshape(shape);
}

Tensor jacobian(const Objective& f, const Tensor& x, Loc where) {
  const Aside aside;
  Tape tape;
  const Tensor y = record(tape, f, {x}, where);
  const NoRecord pause;
  Shape shape = y.shape();
  for (const std::int64_t n : x.shape()) shape.insert(shape.size(), n);
  if (tape.index_of(y) < 0) return zeros(shape, y.dtype());
  std::vector<Tensor> rows;
  for (std::int64_t i = 0; i < y.numel(); ++i) {
    Tensor unit = zeros({y.numel()}, y.dtype());
    unit.set({i}, 1);
    const Tensor row = tape.gradient(Arg(y, where), {x}, {.cotangent = unit.reshape(y.shape())})[0];
    rows.push_back(to(row.reshape({x.numel()}), y.dtype()));
  }
  return rows.empty() ? zeros(shape, y.dtype()) : stack(rows).reshape(shape);
}

// ---- the largest eigenvalue ----

namespace {

double dot(const Tensor& a, const Tensor& b) { return sum(a * b).item(); }

// Iterates v = (H + shift) v / |…| from v, until it stands still or `last` products have been taken.
void iterate(const Curvature& h, double shift, double tolerance, int last, Eigenvalue& e, double& size) {
  e.converged = false;
  while (e.iterations < last && !e.converged) {
    const Tensor w = h.times(e.vector) + e.vector * shift;
    ++e.iterations;
    const double length = std::sqrt(dot(w, w)), along = dot(e.vector, w);
    size = std::max(size, length);
    e.value = along - shift;
    const Tensor rest = w - e.vector * along;
    e.converged = !(std::sqrt(dot(rest, rest)) > tolerance * length);
    if (!(length > 0) || !std::isfinite(length)) return;  // H is 0, or it is no matrix
    e.vector = w * (1 / length);
  }
}

}  // namespace

Eigenvalue largest_eigenvalue(const Curvature& h, const EigenvalueOptions& options) {
  const NoRecord pause;
  Eigenvalue e;
  std::vector<double> start(static_cast<std::size_t>(h.size()));
  kernels::normal(options.seed, 0, h.size(), start.data());
  const Tensor first = from(start, {h.size()});
  e.vector = first * (1 / std::sqrt(std::max(dot(first, first), 1e-300)));
  double size = 0;
  iterate(h, 0, options.tolerance, std::max(1, options.iterations / 2), e, size);
  if (e.converged && e.value >= 0) return e;
  // Moved up by the largest size, no eigenvalue is negative, and the largest one wins.
  e.vector = first * (1 / std::sqrt(std::max(dot(first, first), 1e-300)));
  double ignored = 0;
  iterate(h, size, options.tolerance, options.iterations, e, ignored);
  return e;
}

Eigenvalue largest_eigenvalue(const Objective& f, const std::vector<Tensor>& x, const EigenvalueOptions& options,
                              Loc where) {
  const Aside aside;
  Tape tape;
  const Tensor y = record(tape, f, x, where);
  return largest_eigenvalue(Curvature(tape, Arg(y, where), x), options);
}

}  // namespace gradus

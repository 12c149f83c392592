// Values with gradients, Jacobians, Hessians and products with them, of functions that record themselves.
#include <gradus/derivatives.hpp>

#include <gradus/curvature.hpp>
#include <gradus/ops.hpp>

#include "derivatives/flat.hpp"
#include "derivatives/record.hpp"

namespace gradus {

using namespace detail;

namespace {

// The shape of d(of)/d(by).
Shape derivative_shape(Shape of, const Shape& by) {
  for (const std::int64_t n : by) of.push_back(n);
  return of;
}

void check_axes(const char* what, const Tensor& y, const Tensor& x, Loc where) {
  const int axes = y.dim() + x.dim();
  if (axes <= max_dims) return;
  throw Error(what,
              {.wrong = "the derivative would have too many axes",
               .got = "shapes " + to_string(y.shape()) + " and " + to_string(x.shape()),
               .expected = "at most " + std::to_string(max_dims) + " axes together",
               .advice = "reshape x or the result to fewer axes"},
              where);
}

}  // namespace

ValueAndGrad value_and_grad(const Objective& f, const std::vector<Tensor>& x, Loc where) {
  where = user_line(where);
  const Aside aside;
  Tape tape({}, where);
  const Tensor y = record_number(tape, f, x, "value_and_grad", where);
  ValueAndGrad result{y.detach(), {}};
  if (tape.index_of(y) >= 0) {
    result.grads = tape.gradient(Arg(y, where), x);
  } else {
    for (const Tensor& t : x) result.grads.push_back(zeros_like(t));
  }
  return result;
}

std::vector<Tensor> hvp(const Objective& f, const std::vector<Tensor>& x, const std::vector<Tensor>& v, Loc where) {
  where = user_line(where);
  if (x.size() != v.size())
    throw Error("hvp",
                {.wrong = "the numbers of x and v differ",
                 .got = std::to_string(x.size()) + " x and " + std::to_string(v.size()) + " v",
                 .expected = "one v for each x"},
                where);
  for (std::size_t i = 0; i < x.size(); ++i) {
    check_defined(x[i], "hvp", where);
    check_defined(v[i], "hvp", where);
    if (x[i].shape() == v[i].shape()) continue;
    throw Error("hvp",
                {.wrong = "v has another shape than x, at position " + std::to_string(i),
                 .got = to_string(v[i].shape()),
                 .expected = to_string(x[i].shape())},
                where);
  }
  const Aside aside;
  Tape tape({}, where);
  const Tensor y = record_number(tape, f, x, "hvp", where);
  const Curvature h(tape, Arg(y, where), x);
  const NoRecord pause;
  return as_parts(h.times(as_vector(v).detach(), where), x);
}

Tensor hessian(const Objective& f, const Tensor& x, Loc where) {
  where = user_line(where);
  check_defined(x, "hessian", where);
  check_axes("hessian", x, x, where);
  const Aside aside;
  Tape tape({}, where);
  const Tensor y = record_number(tape, f, {x}, "hessian", where);
  const Curvature h(tape, Arg(y, where), {x});
  const NoRecord pause;
  return h.matrix(where).reshape(derivative_shape(x.shape(), x.shape()));
}

Tensor jacobian(const Objective& f, const Tensor& x, Loc where) {
  where = user_line(where);
  const Aside aside;
  Tape tape({}, where);
  const Tensor y = record(tape, f, {x}, "jacobian", where);
  check_axes("jacobian", y, x, where);
  const NoRecord pause;
  const Shape shape = derivative_shape(y.shape(), x.shape());
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

}  // namespace gradus

// Values with gradients, Jacobians, Hessians and products with them, of functions that record themselves.
#include <gradus/derivatives.hpp>

#include <gradus/curvature.hpp>
#include <gradus/ops.hpp>

#include "derivatives/flat.hpp"
#include "derivatives/record.hpp"
#include "tape/state.hpp"

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

// One v for each x, of its shape.
void check_directions(const char* what, const std::vector<Tensor>& x, const std::vector<Tensor>& v, Loc where) {
  if (x.size() != v.size())
    throw Error(what,
                {.wrong = "the numbers of x and v differ",
                 .got = std::to_string(x.size()) + " x and " + std::to_string(v.size()) + " v",
                 .expected = "one v for each x"},
                where);
  for (std::size_t i = 0; i < x.size(); ++i) {
    check_defined(x[i], what, where);
    check_defined(v[i], what, where);
    if (x[i].shape() == v[i].shape()) continue;
    throw Error(what,
                {.wrong = "v has another shape than x, at position " + std::to_string(i),
                 .got = to_string(v[i].shape()),
                 .expected = to_string(x[i].shape())},
                where);
  }
}

// Jᵀ u of y, recorded for a u that is a leaf. It is linear in u, so any u will do.
struct Transposed {
  Tensor u;
  std::vector<Tensor> product;
};
Transposed transposed(Tape& tape, const Tensor& y, const std::vector<Tensor>& x, Loc where) {
  Transposed t{ones_like(y), {}};
  tape.watch(t.u, where);
  t.product = tape.gradient(Arg(y, where), x, {.record = true, .cotangent = t.u});
  return t;
}

// One walk for each element of y, from a cotangent that is 1 there and 0 elsewhere. Row i is dy[i]/dx.
Tensor rows_of_jacobian(Tape& tape, const Tensor& y, const Tensor& x, DType dtype, Loc where) {
  Tensor rows = zeros({y.numel(), x.numel()}, dtype);
  if (tape.index_of(y) < 0) return rows;  // it does not depend on x
  for (std::int64_t i = 0; i < y.numel(); ++i) {
    Tensor unit = zeros({y.numel()}, y.dtype());
    unit.set({i}, 1);
    const Tensor row = tape.gradient(Arg(y, where), {x}, {.cotangent = unit.reshape(y.shape())})[0];
    rows[i].copy_(row.reshape({x.numel()}));
  }
  return rows;
}

// May the walk back from y be recorded?
bool is_smooth(const Tape& tape) {
  for (int i = 0; i < tape.size(); ++i)
    if (const OpTable* op = tape.state()[i].op; op && op->first_order) return false;
  return true;
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
  check_directions("hvp", x, v, where);
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
  const Shape shape = derivative_shape(y.shape(), x.shape());
  if (tape.index_of(y) < 0) return zeros(shape, y.dtype());
  // A walk over a recorded walk costs about as much as two and a half.
  if (5 * (x.numel() + 1) < 2 * y.numel() && is_smooth(tape)) {
    Transposed t;
    try {
      t = transposed(tape, y, {x}, where);
    } catch (const Error&) {}  // a rule that cannot be recorded: then by rows
    const NoRecord pause;
    if (t.u.defined())
      return rows_of_jacobian(tape, t.product[0], t.u, y.dtype(), where).t().contiguous().reshape(shape);
  }
  const NoRecord pause;
  return rows_of_jacobian(tape, y, x, y.dtype(), where).reshape(shape);
}

ValueAndTangent jvp(const Objective& f, const std::vector<Tensor>& x, const std::vector<Tensor>& v, Loc where) {
  where = user_line(where);
  check_directions("jvp", x, v, where);
  const Aside aside;
  Tape tape({}, where);
  const Tensor y = record(tape, f, x, "jvp", where);
  const auto unchanged = [&] { return zeros_like(y.detach()); };
  if (tape.index_of(y) < 0) return {y.detach(), unchanged()};
  const Transposed t = transposed(tape, y, x, where);
  Tensor along;  // (Jᵀ u) · v
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Tensor& product = t.product[i];
    const Tensor part = sum(product * to(v[i].detach(), product.dtype())).to(f64);
    along = along.defined() ? along + part : part;
  }
  if (!along.defined() || tape.index_of(along) < 0) return {y.detach(), unchanged()};
  return {y.detach(), tape.gradient(Arg(along, where), {t.u})[0]};
}

}  // namespace gradus

// Operations of linear algebra, computed again from a trace.
#include <gradus/ops.hpp>

#include "study/trace/call.hpp"

namespace gradus::study::trace {

namespace {

// Square matrices, and about n³ steps for each.
void need_matrices(const Call& c) {
  if (c[0].dim() < 2) c.refuse("its first input is not a matrix", to_string(c.shape(0)));
  c.need_work(static_cast<double>(c[0].numel()) * static_cast<double>(c.shape(0).back()));
}
void need_solution(const Call& c) {
  need_matrices(c);
  c.need_shape(c.shape(1), "the shape of the right side");
  c.need_work(static_cast<double>(c[1].numel()) * static_cast<double>(c.shape(0).back()));
}
// Of determinants, whose axes are the last two.
void need_last_axes(const Call& c) {
  need_matrices(c);
  c.need_work(static_cast<double>(c[0].numel()) * static_cast<double>(c[0].numel()));
  const int dims = c[0].dim();
  if (c.list("axes", 2) != Shape{dims - 2, dims - 1})
    c.refuse("attribute 'axes' does not name the last two", to_string(c.list("axes")));
}

}  // namespace

Tensor factored(const Call& c) {
  need_matrices(c);
  c.need_shape(c.shape(0), "the shape of the matrix");
  return cholesky(c[0]);
}
Tensor inverted(const Call& c) {
  need_matrices(c);
  c.need_shape(c.shape(0), "the shape of the matrix");
  return inverse(c[0]);
}
Tensor solved(const Call& c) {
  need_solution(c);
  return solve(c[0], c[1]);
}
Tensor solved_triangular(const Call& c) {
  need_solution(c);
  return solve_triangular(c[0], c[1], {.upper = c.flag("upper"), .unitriangular = c.flag("unitriangular")});
}
Tensor determinant(const Call& c) {
  need_last_axes(c);
  return det(c[0]);
}
Tensor log_determinant(const Call& c) {
  need_last_axes(c);
  return slogdet(c[0]).logabsdet;
}

}  // namespace gradus::study::trace

// Batches of square matrices: what the operations of linear algebra share.
#pragma once

#include <string>
#include <vector>

#include "kernels/linalg.hpp"
#include "kernels/parallel.hpp"
#include "ops/common.hpp"

namespace gradus::detail {

// How many matrices there are, and their rows and columns.
struct Batch {
  explicit Batch(const Tensor& x) : shape(std::span(x.shape().begin(), x.shape().end() - 2)), count(shape.numel()) {
    rows = x.shape().end()[-2];
    columns = x.shape().end()[-1];
  }
  Shape shape;
  std::int64_t count, rows, columns;
};

// Calls f(k) for each matrix, in pieces for the thread pool: one needs about n³ steps. f must not throw.
template <class F>
void for_matrices(const Batch& b, const F& f) {
  const std::int64_t steps = std::max<std::int64_t>(1, b.rows * b.rows * b.columns);
  kernels::parallel_for(b.count, std::max<std::int64_t>(1, 8 * grain / steps),
                        [&](std::int64_t begin, std::int64_t end) {
                          for (std::int64_t k = begin; k < end; ++k) f(k);
                        });
}

// A dense copy of x, for kernels that work in place.
inline Tensor own_copy(const Tensor& x) {
  const Tensor y = empty(x.shape(), x.dtype());
  copy_strided(*x.impl(), *y.impl());
  return y;
}

struct Factored {
  Tensor lu;        // what kernels::factor makes of each matrix
  Tensor pivots;    // i64, (…, n)
  Tensor singular;  // i64, (…): the first pivot that is 0, from 1; 0: none
};
Factored factored(const Tensor& x);

// "the matrix", or of a batch "matrix [1, 0]".
std::string which_matrix(const Shape& batch, std::int64_t k);
// An error that names the first matrix of which `bad` is not 0.
void refuse_singular(const Fwd& f, const Tensor& bad);

// Floating-point matrices (…, n, n).
void check_square(const char* operation, const Arg& x);
// a square, b's rows (columns: if not left) as many; returns both with the batch axes that they broadcast to.
struct Operands {
  Tensor a, b;
};
Operands operands(const char* operation, const Arg& a, const Arg& b, bool left);

}  // namespace gradus::detail

// Linear algebra: factors, solutions, inverses and determinants of matrices, the last two axes. The axes before them
// are a batch, and batches of two operands broadcast. f32 and f64. A matrix without a solution is an error that names
// its place in the batch. By LAPACK of the OpenBLAS in use, or by plain loops in a build without one.
#pragma once

#include <gradus/ops/conv.hpp>  // this header's old content, for one version
#include <gradus/ops/matmul.hpp>
#include <gradus/ops/pool.hpp>
#include <gradus/tensor.hpp>

namespace gradus {

/// The lower triangular L with x = L Lᵀ, of symmetric positive definite matrices (…, n, n); upper: Lᵀ. x counts as
/// (x + xᵀ) / 2: both triangles are read, and the gradient is symmetric. Error: a matrix is not positive definite.
Tensor cholesky(Arg x, bool upper = false);

struct SolveTriangularOptions {
  bool upper = false;          ///< which triangle of a is read
  bool left = true;            ///< a y = b; else y a = b
  bool unitriangular = false;  ///< the diagonal counts as ones and is not read
};
/// y with a y = b: a (…, n, n) triangular, b (…, n, k); left = false: y a = b, b (…, k, n). Error: a 0 on the diagonal.
///   db = a⁻ᵀ g   da = -db yᵀ, of the triangle that is read
Tensor solve_triangular(Arg a, Arg b, SolveTriangularOptions options = {});

/// y with a y = b: a (…, n, n), b (…, n, k). b is a batch of vectors (…, n) if it has the shape of a without the last
/// axis, or one axis. Error: a is singular.
///   db = a⁻ᵀ g   da = -db yᵀ
Tensor solve(Arg a, Arg b);
/// The inverse of (…, n, n); solve(a, b) is faster and more exact than inverse(a) times b. dx = -yᵀ g yᵀ
Tensor inverse(Arg x);
/// (…, n, n) becomes (…); 0 for a singular matrix, whose gradient, the matrix of cofactors, takes n^5 steps.
Tensor det(Arg x);

/// What slogdet returns: det(x) = sign e^logabsdet.
struct SignLogabsdet {
  Tensor sign;       ///< -1, 0 or 1, no gradient
  Tensor logabsdet;  ///< recorded; its gradient is x⁻ᵀ, an error for a singular matrix
};
/// ln |det(x)|, which does not overflow, and the sign. Of a singular matrix: 0 and -inf.
SignLogabsdet slogdet(Arg x);

Tensor trace(Arg x);         ///< the sum of the diagonal of (…, n, m)
Tensor outer(Arg a, Arg b);  ///< y[i, j] = a[i] b[j] of two vectors
/// The vector product along an axis of size 3; the others broadcast.
Tensor cross(Arg a, Arg b, int axis = -1);

}  // namespace gradus

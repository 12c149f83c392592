// Factors of one matrix and what is solved with them, in place. Row-major, no gaps between rows.
#pragma once

#include "kernels.hpp"

namespace gradus::kernels {

// The lower triangle of a becomes L with L Lᵀ = a, the upper zeros. Returns 0, or k if the leading k rows and columns
// are not positive definite.
Index cholesky(Index n, float* a);
Index cholesky(Index n, double* a);

// a = L U P: a becomes L in its lower triangle and U, with a diagonal of ones, above; column i of U P was swapped with
// column pivots[i]. Returns 0, or k if pivot k (from 1) is 0.
Index factor(Index n, float* a, int* pivots);
Index factor(Index n, double* a, int* pivots);

struct Triangle {
  bool upper, transposed, unit;  // which is read; a or aᵀ; a diagonal of ones
};
// b (n, k) becomes a⁻¹ b.
void solve_triangular(Triangle of, Index n, Index k, const float* a, float* b);
void solve_triangular(Triangle of, Index n, Index k, const double* a, double* b);

// b (n, k) becomes a⁻¹ b, or a⁻ᵀ b, of what factor() has made.
void solve_factored(bool transposed, Index n, Index k, const float* lu, const int* pivots, float* b);
void solve_factored(bool transposed, Index n, Index k, const double* lu, const int* pivots, double* b);

}  // namespace gradus::kernels

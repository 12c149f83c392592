// Factors of matrices: by the LAPACK in OpenBLAS, or by plain loops in a build without it.
#include "linalg.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#ifdef GRADUS_HAVE_CBLAS
#include <cblas.h>
#endif

// LAPACK knows columns first: it sees aᵀ, so that its factors aᵀ = P L U are a = Uᵀ Lᵀ Pᵀ here.
#ifdef GRADUS_HAVE_LAPACK
extern "C" {
void spotrf_(const char* triangle, const int* n, float* a, const int* lda, int* info);
void dpotrf_(const char* triangle, const int* n, double* a, const int* lda, int* info);
void sgetrf_(const int* m, const int* n, float* a, const int* lda, int* pivots, int* info);
void dgetrf_(const int* m, const int* n, double* a, const int* lda, int* pivots, int* info);
}
#endif

namespace gradus::kernels {
namespace {

// ---- plain loops ----

template <class T>
[[maybe_unused]] Index cholesky_by_rows(Index n, T* a) {
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j <= i; ++j) {
      T sum = a[i * n + j];
      for (Index k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      if (i == j && !(sum > 0)) return i + 1;
      a[i * n + j] = i == j ? std::sqrt(sum) : sum / a[j * n + j];
    }
  return 0;
}

// Elimination of columns by columns, so that rows of the memory are what the inner loop runs along.
template <class T>
[[maybe_unused]] Index factor_by_rows(Index n, T* a, int* pivots) {
  Index singular = 0;
  for (Index c = 0; c < n; ++c) {
    T* row = a + c * n;
    Index best = c;
    for (Index j = c + 1; j < n; ++j)
      if (std::abs(row[j]) > std::abs(row[best])) best = j;
    pivots[c] = static_cast<int>(best);
    if (best != c)
      for (Index i = 0; i < n; ++i) std::swap(a[i * n + c], a[i * n + best]);
    if (row[c] == 0) {
      if (singular == 0) singular = c + 1;
      continue;
    }
    for (Index j = c + 1; j < n; ++j) row[j] /= row[c];
    for (Index i = c + 1; i < n; ++i) {
      const T left = a[i * n + c];
      for (Index j = c + 1; j < n; ++j) a[i * n + j] -= left * row[j];
    }
  }
  return singular;
}

template <class T>
[[maybe_unused]] void substitute(Triangle of, Index n, Index k, const T* a, T* b) {
  const bool downwards = of.upper == of.transposed;  // the first row is solved first
  for (Index step = 0; step < n; ++step) {
    const Index i = downwards ? step : n - 1 - step;
    T* row = b + i * k;
    for (Index before = 0; before < step; ++before) {
      const Index j = downwards ? before : n - 1 - before;
      const T factor = of.transposed ? a[j * n + i] : a[i * n + j];
      for (Index c = 0; c < k; ++c) row[c] -= factor * b[j * k + c];
    }
    if (of.unit) continue;
    for (Index c = 0; c < k; ++c) row[c] /= a[i * n + i];
  }
}

// ---- by LAPACK, where there is one ----

#ifdef GRADUS_HAVE_LAPACK
void potrf(int n, float* a, int* info) { spotrf_("U", &n, a, &n, info); }
void potrf(int n, double* a, int* info) { dpotrf_("U", &n, a, &n, info); }
void getrf(int n, float* a, int* pivots, int* info) { sgetrf_(&n, &n, a, &n, pivots, info); }
void getrf(int n, double* a, int* pivots, int* info) { dgetrf_(&n, &n, a, &n, pivots, info); }
#endif

template <class T>
Index cholesky_of(Index n, T* a) {
  if (n == 0) return 0;
#ifdef GRADUS_HAVE_LAPACK
  int info = 0;
  potrf(static_cast<int>(n), a, &info);
  Index bad = info;
#else
  Index bad = cholesky_by_rows(n, a);
#endif
  for (Index i = 0; i < n; ++i) {
    if (bad == 0 && !(a[i * n + i] > 0)) bad = i + 1;  // NaN
    std::fill(a + i * n + i + 1, a + (i + 1) * n, T(0));
  }
  return bad;
}

template <class T>
Index factor_of(Index n, T* a, int* pivots) {
  if (n == 0) return 0;
#ifdef GRADUS_HAVE_LAPACK
  int info = 0;
  getrf(static_cast<int>(n), a, pivots, &info);
  for (Index i = 0; i < n; ++i) --pivots[i];
  return info;
#else
  return factor_by_rows(n, a, pivots);
#endif
}

#ifdef GRADUS_HAVE_CBLAS
CBLAS_UPLO triangle(Triangle of) { return of.upper ? CblasUpper : CblasLower; }
CBLAS_TRANSPOSE turn(Triangle of) { return of.transposed ? CblasTrans : CblasNoTrans; }
CBLAS_DIAG diagonal(Triangle of) { return of.unit ? CblasUnit : CblasNonUnit; }
#endif

template <class T>
void solve_factored_of(bool transposed, Index n, Index k, const T* lu, const int* pivots, T* b) {
  const auto swap = [&](Index i) {
    if (pivots[i] != i) std::swap_ranges(b + i * k, b + (i + 1) * k, b + pivots[i] * k);
  };
  if (!transposed) {
    solve_triangular({.upper = false, .transposed = false, .unit = false}, n, k, lu, b);
    solve_triangular({.upper = true, .transposed = false, .unit = true}, n, k, lu, b);
    for (Index i = n; i-- > 0;) swap(i);
  } else {
    for (Index i = 0; i < n; ++i) swap(i);
    solve_triangular({.upper = true, .transposed = true, .unit = true}, n, k, lu, b);
    solve_triangular({.upper = false, .transposed = true, .unit = false}, n, k, lu, b);
  }
}

}  // namespace

Index cholesky(Index n, float* a) { return cholesky_of(n, a); }
Index cholesky(Index n, double* a) { return cholesky_of(n, a); }
Index factor(Index n, float* a, int* pivots) { return factor_of(n, a, pivots); }
Index factor(Index n, double* a, int* pivots) { return factor_of(n, a, pivots); }

void solve_triangular(Triangle of, Index n, Index k, const float* a, float* b) {
  if (n == 0 || k == 0) return;
#ifdef GRADUS_HAVE_CBLAS
  const int rows = static_cast<int>(n), columns = static_cast<int>(k);
  cblas_strsm(CblasRowMajor, CblasLeft, triangle(of), turn(of), diagonal(of), rows, columns, 1, a, rows, b, columns);
#else
  substitute(of, n, k, a, b);
#endif
}
void solve_triangular(Triangle of, Index n, Index k, const double* a, double* b) {
  if (n == 0 || k == 0) return;
#ifdef GRADUS_HAVE_CBLAS
  const int rows = static_cast<int>(n), columns = static_cast<int>(k);
  cblas_dtrsm(CblasRowMajor, CblasLeft, triangle(of), turn(of), diagonal(of), rows, columns, 1, a, rows, b, columns);
#else
  substitute(of, n, k, a, b);
#endif
}

void solve_factored(bool transposed, Index n, Index k, const float* lu, const int* pivots, float* b) {
  solve_factored_of(transposed, n, k, lu, pivots, b);
}
void solve_factored(bool transposed, Index n, Index k, const double* lu, const int* pivots, double* b) {
  solve_factored_of(transposed, n, k, lu, pivots, b);
}

}  // namespace gradus::kernels

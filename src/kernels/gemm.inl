// Matrix products: by our own kernel (product.inl) or by the CBLAS, whichever is faster for the shape (products.hpp).
// Row-major throughout.

#ifdef GRADUS_HAVE_CBLAS
inline CBLAS_TRANSPOSE op(bool transposed) { return transposed ? CblasTrans : CblasNoTrans; }

[[maybe_unused]] inline void multiply(bool ta, bool tb, Index m, Index n, Index k, float alpha, const float* a,
                                      Index lda, const float* b, Index ldb, float beta, float* c, Index ldc) {
  cblas_sgemm(CblasRowMajor, op(ta), op(tb), static_cast<int>(m), static_cast<int>(n), static_cast<int>(k), alpha, a,
              static_cast<int>(lda), b, static_cast<int>(ldb), beta, c, static_cast<int>(ldc));
}
[[maybe_unused]] inline void multiply(bool ta, bool tb, Index m, Index n, Index k, double alpha, const double* a,
                                      Index lda, const double* b, Index ldb, double beta, double* c, Index ldc) {
  cblas_dgemm(CblasRowMajor, op(ta), op(tb), static_cast<int>(m), static_cast<int>(n), static_cast<int>(k), alpha, a,
              static_cast<int>(lda), b, static_cast<int>(ldb), beta, c, static_cast<int>(ldc));
}
#endif

template <class T>
void scale(Index m, Index n, T beta, T* c, Index ldc) {
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < n; ++j) c[i * ldc + j] = beta == 0 ? T(0) : beta * c[i * ldc + j];
}

// For tiny products the overhead of a call exceeds the work. C = A B, or C += A B: for each s, eight results
// along v at once, over the depth k. v runs along the longer side of C if its rows are short, else along the columns.
constexpr Index kTiny = 256;  // multiply-adds
template <class T>
void multiply_tiny(bool ta, bool tb, Index m, Index n, Index k, const T* a, Index lda, const T* b, Index ldb, bool add,
                   T* c, Index ldc) {
  constexpr Index kWide = 8;
  using Vector [[gnu::vector_size(kWide * sizeof(T))]] = T;
  Index as = ta ? 1 : lda, ak = ta ? lda : 1, bv = tb ? ldb : 1, bk = tb ? 1 : ldb, cs = ldc, cv = 1;
  if (n < kWide && n < m) {
    const T* const first = a;
    a = b;
    b = first;
    const Index rows = m, step = as, down = ak;
    m = n;
    n = rows;
    as = bv;
    ak = bk;
    bv = step;
    bk = down;
    cs = 1;
    cv = ldc;
  }
  Index v = 0;
  for (; v + kWide <= n; v += kWide) {
    Vector strip[kTiny / kWide];  // of B: k is at most that, for n is at least kWide
    for (Index p = 0; p < k; ++p) {
      const T* r = b + v * bv + p * bk;
      if (bv == 1)
        __builtin_memcpy(&strip[p], r, sizeof strip[p]);
      else
        strip[p] = Vector{r[0], r[bv], r[2 * bv], r[3 * bv], r[4 * bv], r[5 * bv], r[6 * bv], r[7 * bv]};
    }
    for (Index s = 0; s < m; ++s) {
      const T* x = a + s * as;
      T* y = c + s * cs + v * cv;
      Vector sum = {};
      if (add) {
        for (Index q = 0; q < kWide; ++q) sum[q] = y[q * cv];
      }
      for (Index p = 0; p < k; ++p, x += ak) sum += *x * strip[p];
      if (cv == 1) {
        __builtin_memcpy(y, &sum, sizeof sum);
      } else {
        for (Index q = 0; q < kWide; ++q) y[q * cv] = sum[q];
      }
    }
  }
  for (; v < n; ++v)
    for (Index s = 0; s < m; ++s) {
      const T *x = a + s * as, *r = b + v * bv;
      T& y = c[s * cs + v * cv];
      T sum = add ? y : T(0);
      for (Index p = k; p > 0; --p, x += ak, r += bk) sum += *x * *r;
      y = sum;
    }
}

// Depth 1: each number of A times each of B, with nothing to sum. B's are side by side.
template <class T>
void multiply_lists(Index m, Index n, T alpha, const T* a, Index as, const T* b, T beta, T* c, Index ldc) {
  for (; m > 0; --m, a += as, c += ldc) {
    const T x = alpha * *a;
    if (beta == 0) {
#pragma omp simd
      for (Index j = 0; j < n; ++j) c[j] = x * b[j];
    } else {
#pragma omp simd
      for (Index j = 0; j < n; ++j) c[j] = beta * c[j] + x * b[j];
    }
  }
}

// One row or column may be dot products, or is a row of the transposed product.
template <class T>
void multiply_here(bool ta, bool tb, Index m, Index n, Index k, T alpha, const T* a, Index lda, const T* b, Index ldb,
                   T beta, T* c, Index ldc) {
  const bool free = !deterministic();
  if (k == 1 && (!tb || ldb == 1) && free) return multiply_lists(m, n, alpha, a, ta ? 1 : lda, b, beta, c, ldc);
  if (m == 1 && tb && (!ta || lda == 1) && free) return multiply_row(n, k, alpha, a, b, ldb, beta, c);
  if (n == 1 && ldc == 1 && m > 1) {
    if (!ta && (tb || ldb == 1) && free) return multiply_row(m, k, alpha, b, a, lda, beta, c);
    return multiply_own(!tb, !ta, n, m, k, alpha, b, ldb, a, lda, beta, c, m);
  }
  multiply_own(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

// On the calling thread, for kernels that split the work themselves.
template <class T>
void gemm_serial(bool ta, bool tb, Index m, Index n, Index k, T alpha, const T* a, Index lda, const T* b, Index ldb,
                 T beta, T* c, Index ldc) {
  if (m == 0 || n == 0) return;
  if (k == 0) return scale(m, n, beta, c, ldc);
#ifdef GRADUS_HAVE_CBLAS
  if (k > 1 && !own_product(sizeof(T), ta, tb, m, n, k))
    // A matrix of one row may come with any row length, but CBLAS checks it.
    return multiply(ta, tb, m, n, k, alpha, a, most(lda, ta ? m : k), b, most(ldb, tb ? k : n), beta, c, most(ldc, n));
#endif
  multiply_here(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

// Large products are split by rows or columns of C, whichever are more, in units of whole vectors.
template <class T>
void gemm(bool ta, bool tb, Index m, Index n, Index k, T alpha, const T* a, Index lda, const T* b, Index ldb, T beta,
          T* c, Index ldc) {
  constexpr Index kFlat = 8;  // a long sum of few results is a dot product's
  if (const Index work = m * n * k; work <= kTiny && work > 0 && (most(m, n) >= kFlat || k <= kFlat) && alpha == 1 &&
                                    (beta == 0 || beta == 1) && !deterministic())
    return multiply_tiny(ta, tb, m, n, k, a, lda, b, ldb, beta == 1, c, ldc);
  constexpr Index kUnit = 16, kPiece = 1 << 20;  // multiply-adds that are worth a thread
  const Index other = m >= n ? n : m, longest = m >= n ? m : n;
  if (longest < 2 * kUnit || longest * other * k < 2 * kPiece)
    return gemm_serial(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  const Index grain = most(1, kPiece / (kUnit * other * k));
  parallel_for((longest + kUnit - 1) / kUnit, grain, [&](Index begin, Index end) {
    const Index from = begin * kUnit, count = least(end * kUnit, longest) - from;
    if (m >= n)
      gemm_serial(ta, tb, count, n, k, alpha, a + from * (ta ? 1 : lda), lda, b, ldb, beta, c + from * ldc, ldc);
    else
      gemm_serial(ta, tb, m, count, k, alpha, a, lda, b + from * (tb ? ldb : 1), ldb, beta, c + from, ldc);
  });
}

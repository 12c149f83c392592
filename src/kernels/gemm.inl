// Matrix products: CBLAS where there is one, else a plain blocked loop. Row-major throughout.

#ifdef GRADUS_HAVE_CBLAS
inline CBLAS_TRANSPOSE op(bool transposed) { return transposed ? CblasTrans : CblasNoTrans; }

void multiply(bool ta, bool tb, Index m, Index n, Index k, float alpha, const float* a, Index lda, const float* b,
              Index ldb, float beta, float* c, Index ldc) {
  cblas_sgemm(CblasRowMajor, op(ta), op(tb), static_cast<int>(m), static_cast<int>(n), static_cast<int>(k), alpha, a,
              static_cast<int>(lda), b, static_cast<int>(ldb), beta, c, static_cast<int>(ldc));
}
void multiply(bool ta, bool tb, Index m, Index n, Index k, double alpha, const double* a, Index lda, const double* b,
              Index ldb, double beta, double* c, Index ldc) {
  cblas_dgemm(CblasRowMajor, op(ta), op(tb), static_cast<int>(m), static_cast<int>(n), static_cast<int>(k), alpha, a,
              static_cast<int>(lda), b, static_cast<int>(ldb), beta, c, static_cast<int>(ldc));
}
#endif

template <class T>
void scale(Index m, Index n, T beta, T* c, Index ldc) {
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < n; ++j) c[i * ldc + j] = beta == 0 ? T(0) : beta * c[i * ldc + j];
}

#ifndef GRADUS_HAVE_CBLAS
// A panel of B is packed so that the inner loop runs along contiguous memory whatever the transposition; four of its
// rows are folded into a row of C at once.
template <class T>
void multiply(bool ta, bool tb, Index m, Index n, Index k, T alpha, const T* a, Index lda, const T* b, Index ldb,
              T beta, T* c, Index ldc) {
  constexpr Index kDepth = 64, kWidth = 128;
  T panel[kDepth * kWidth];
  scale(m, n, beta, c, ldc);
  for (Index k0 = 0; k0 < k; k0 += kDepth)
    for (Index j0 = 0; j0 < n; j0 += kWidth) {
      const Index depth = least(kDepth, k - k0), width = least(kWidth, n - j0), padded = (depth + 3) / 4 * 4;
      for (Index p = 0; p < padded; ++p)
        for (Index j = 0; j < width; ++j)
          panel[p * kWidth + j] = p >= depth ? T(0) : tb ? b[(j0 + j) * ldb + k0 + p] : b[(k0 + p) * ldb + j0 + j];
      for (Index i = 0; i < m; ++i) {
        T* y = c + i * ldc + j0;
        for (Index p = 0; p < padded; p += 4) {
          T w[4];
          for (Index q = 0; q < 4; ++q)
            w[q] = p + q < depth ? alpha * (ta ? a[(k0 + p + q) * lda + i] : a[i * lda + k0 + p + q]) : T(0);
          const T* r = panel + p * kWidth;
#pragma omp simd
          for (Index j = 0; j < width; ++j)
            y[j] += (w[0] * r[j] + w[1] * r[j + kWidth]) + (w[2] * r[j + 2 * kWidth] + w[3] * r[j + 3 * kWidth]);
        }
      }
    }
}
#endif

// A handful of numbers is done before a library call has sorted out its arguments.
constexpr Index kTiny = 128;
template <class T>
void multiply_tiny(bool ta, bool tb, Index m, Index n, Index k, T alpha, const T* a, Index lda, const T* b, Index ldb,
                   T beta, T* c, Index ldc) {
  const Index ai = ta ? 1 : lda, ap = ta ? lda : 1, bp = tb ? 1 : ldb, bj = tb ? ldb : 1;
  const auto put = [&](Index i, Index j, T sum) {
    T& y = c[i * ldc + j];
    y = beta == 0 ? alpha * sum : alpha * sum + beta * y;
  };
  for (Index i = 0; i < m; ++i) {
    Index j = 0;
    for (; j + 4 <= n; j += 4) {  // four columns share the loads of a
      const T *x = a + i * ai, *y = b + j * bj;
      T s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (Index p = k; p > 0; --p, x += ap, y += bp) {
        s0 += *x * y[0], s1 += *x * y[bj], s2 += *x * y[2 * bj], s3 += *x * y[3 * bj];
      }
      put(i, j, s0), put(i, j + 1, s1), put(i, j + 2, s2), put(i, j + 3, s3);
    }
    for (; j < n; ++j) {
      const T *x = a + i * ai, *y = b + j * bj;
      T sum = 0;
      for (Index p = k; p > 0; --p, x += ap, y += bp) sum += *x * *y;
      put(i, j, sum);
    }
  }
}

// On the calling thread: for those who split the work themselves.
template <class T>
void gemm_serial(bool ta, bool tb, Index m, Index n, Index k, T alpha, const T* a, Index lda, const T* b, Index ldb,
                 T beta, T* c, Index ldc) {
  if (m == 0 || n == 0) return;
  if (k == 0) return scale(m, n, beta, c, ldc);
  if (m * n * k <= kTiny) return multiply_tiny(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  // A matrix of one row may come with any row length, but CBLAS checks it.
  multiply(ta, tb, m, n, k, alpha, a, most(lda, ta ? m : k), b, most(ldb, tb ? k : n), beta, c, most(ldc, n));
}

// Large products are split by rows or columns of C, whichever are more, in units of whole vectors.
template <class T>
void gemm(bool ta, bool tb, Index m, Index n, Index k, T alpha, const T* a, Index lda, const T* b, Index ldb, T beta,
          T* c, Index ldc) {
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

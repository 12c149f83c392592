// Matrix products: CBLAS where there is one, else a plain blocked loop. Row-major throughout.

#ifdef GRADUS_HAVE_CBLAS
inline CBLAS_TRANSPOSE op(bool transposed) { return transposed ? CblasTrans : CblasNoTrans; }

[[maybe_unused]] inline void multiply(bool ta, bool tb, Index m, Index n, Index k, float alpha, const float* a, Index lda, const float* b,
              Index ldb, float beta, float* c, Index ldc) {
  cblas_sgemm(CblasRowMajor, op(ta), op(tb), static_cast<int>(m), static_cast<int>(n), static_cast<int>(k), alpha, a,
              static_cast<int>(lda), b, static_cast<int>(ldb), beta, c, static_cast<int>(ldc));
}
[[maybe_unused]] inline void multiply(bool ta, bool tb, Index m, Index n, Index k, double alpha, const double* a, Index lda, const double* b,
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
[[maybe_unused]] inline void multiply(bool ta, bool tb, Index m, Index n, Index k, T alpha, const T* a, Index lda, const T* b, Index ldb,
              T beta, T* c, Index ldc) {
  constexpr Index kDepth = 64, kWidth = 128;
  T panel[kDepth * kWidth];
  scale(m, n, beta, c, ldc);
  for (Index k0 = 0; k0 < k; k0 += kDepth)
    for (Index j0 = 0; j0 < n; j0 += kWidth) {
      const Index depth = least(kDepth, k - k0), width = least(kWidth, n - j0), padded = (depth + 3) / 4 * 4;
      for (Index p = 0; p < padded; ++p)
        for (Index j = 0; j < width; ++j)
          panel[p * kWidth + j] = p < depth ? b[tb ? (j0 + j) * ldb + k0 + p : (k0 + p) * ldb + j0 + j] : T(0);
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

// For tiny products the overhead of a CBLAS call exceeds the work. C = A B, or C += A B: for each s, eight results
// along v at once, over the depth k. v runs along the longer side of C if its rows are short, else along the columns.
constexpr Index kTiny = 128;  // multiply-adds
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

// On the calling thread, for kernels that split the work themselves.
template <class T>
void gemm_serial(bool ta, bool tb, Index m, Index n, Index k, T alpha, const T* a, Index lda, const T* b, Index ldb,
                 T beta, T* c, Index ldc) {
  if (m == 0 || n == 0) return;
  if (k == 0) return scale(m, n, beta, c, ldc);
  // A matrix of one row may come with any row length, but CBLAS checks it.
  multiply(ta, tb, m, n, k, alpha, a, most(lda, ta ? m : k), b, most(ldb, tb ? k : n), beta, c, most(ldc, n));
}

// Large products are split by rows or columns of C, whichever are more, in units of whole vectors.
template <class T>
void gemm(bool ta, bool tb, Index m, Index n, Index k, T alpha, const T* a, Index lda, const T* b, Index ldb, T beta,
          T* c, Index ldc) {
  if (const Index work = m * n * k; work <= kTiny && work > 0 && alpha == 1 && (beta == 0 || beta == 1))
    return multiply_tiny(ta, tb, m, n, k, a, lda, b, ldb, beta == 1, c, ldc);
  constexpr Index kUnit = 16, kPiece = 1 << 20;  // multiply-adds that are worth a thread
  const Index other = m >= n ? n : m, longest = m >= n ? m : n;
  if (longest < 2 * kUnit || longest * other * k < 2 * kPiece)
    return gemm_serial(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  const auto piece = [&](Index from, Index count) {
    if (m >= n)
      gemm_serial(ta, tb, count, n, k, alpha, a + from * (ta ? 1 : lda), lda, b, ldb, beta, c + from * ldc, ldc);
    else
      gemm_serial(ta, tb, m, count, k, alpha, a, lda, b + from * (tb ? ldb : 1), ldb, beta, c + from, ldc);
  };
  if (deterministic()) {  // the same calls whoever makes them: how CBLAS rounds may depend on the sizes
    const Index tile = most(4, (longest / kUnit + 7) / 8) * kUnit;
    return parallel_for((longest + tile - 1) / tile, 1, [&](Index begin, Index end) {
      for (Index t = begin; t < end; ++t) piece(t * tile, least(tile, longest - t * tile));
    });
  }
  const Index grain = most(1, kPiece / (kUnit * other * k));
  parallel_for((longest + kUnit - 1) / kUnit, grain,
               [&](Index begin, Index end) { piece(begin * kUnit, least(end * kUnit, longest) - begin * kUnit); });
}

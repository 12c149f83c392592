// Normalisation of rows, without and with a weight and a bias.

// y = (x - mean) r for every row; r = 1 / sqrt(var + eps).
template <class T>
void normalize_rows(Index rows, Index n, double eps, const T* x, T* y, T* r, T* mean, T* var) {
  const bool past = x != y && large<T>(rows * n);
  for (Index k = 0; k < rows; ++k, x += n, y += n) {
    const T m = sum_row(n, x) / static_cast<T>(n);
    const Wide<T> v = spread_row(n, x, m) / static_cast<T>(n);
    const T s = static_cast<T>(1 / __builtin_sqrt(static_cast<double>(v) + eps));
    write(n, y, past, [=](Index i) { return (x[i] - m) * s; });
    mean[k] = m;
    var[k] = static_cast<T>(v);
    r[k] = s;
  }
  if (past) fence();
}

// dx = r (g - mean(g) - y mean(g y)) for every row.
template <class T>
void normalize_vjp(Index rows, Index n, const T* g, const T* y, const T* r, T* dx) {
  const bool past = dx != g && dx != y && large<T>(rows * n);
  for (Index k = 0; k < rows; ++k, g += n, y += n, dx += n) {
    const T mean = sum_row(n, g) / static_cast<T>(n);
    const T along = static_cast<T>(dot_row(n, g, y) / static_cast<T>(n)), s = r[k];
    write(n, dx, past, [=](Index i) { return s * (g[i] - mean - y[i] * along); });
  }
  if (past) fence();
}

// y = (x - mean) r w + b for every row.
template <class T>
void layer_norm(Index rows, Index n, double eps, const T* x, const T* w, const T* b, T* y, T* r, T* mean) {
  const bool past = x != y && large<T>(rows * n);
  for (Index k = 0; k < rows; ++k, x += n, y += n) {
    const T m = sum_row(n, x) / static_cast<T>(n);
    const Wide<T> v = spread_row(n, x, m) / static_cast<T>(n);
    const T s = static_cast<T>(1 / __builtin_sqrt(static_cast<double>(v) + eps));
    write(n, y, past, [=](Index i) { return (x[i] - m) * s * w[i] + b[i]; });
    mean[k] = m;
    r[k] = s;
  }
  if (past) fence();
}

// With z = (x - mean) r and h = g w: dx = r (h - mean(h) - z mean(h z)); dw and db are the sums of g z and g over these
// rows.
template <class T>
void layer_norm_vjp(Index rows, Index n, const T* g, const T* x, const T* w, const T* r, const T* mean, T* dx, T* dw,
                    T* db) {
  const bool past = dx != g && dx != x && large<T>(rows * n);
  fill(n, T(0), dw);
  fill(n, T(0), db);
  for (Index k = 0; k < rows; ++k, g += n, x += n, dx += n) {
    const T m = mean[k], s = r[k];
    Wide<T> sum = 0, along = 0;
    for (Index start = 0; start < n; start += kSummed) {
      const Index part = least(n - start, kSummed);
      const T *gs = g + start, *xs = x + start, *ws = w + start;
      T *dws = dw + start, *dbs = db + start, h[kSummed], hz[kSummed];
#pragma omp simd
      for (Index i = 0; i < part; ++i) {
        const T z = (xs[i] - m) * s;
        h[i] = gs[i] * ws[i];
        hz[i] = h[i] * z;
        dws[i] += gs[i] * z;
        dbs[i] += gs[i];
      }
      sum += sum_row(part, h);
      along += sum_row(part, hz);
    }
    const T a = static_cast<T>(sum / static_cast<T>(n)), c = static_cast<T>(along / static_cast<T>(n));
    write(n, dx, past, [=](Index i) { return s * (g[i] * w[i] - a - (x[i] - m) * s * c); });
  }
  if (past) fence();
}

// softmax, log_softmax and logsumexp, shifted by the largest element. For inner > 1 a strip of columns keeps its maxima
// and sums while the rows pass by. Elements of +inf share the whole, which is the limit; a row of only -inf has none
// and gives NaN.

constexpr Index kChunk = 512;  // elements that one f32 accumulator may take

template <class T>
T exp_sum_row(Index n, const T* x, T shift) {
  Wide<T> total = 0;
  for (Index start = 0; start < n; start += kChunk, x += kChunk) {
    const Index m = least(kChunk, n - start);
    T s = 0;
    if (m < 16) {
      for (Index i = 0; i < m; ++i) s += exp(x[i] - shift);
    } else {
#pragma omp simd reduction(+ : s)
      for (Index i = 0; i < m; ++i) s += exp(x[i] - shift);
    }
    total += s;
  }
  return static_cast<T>(total);
}

template <class T>
T logsumexp_row(Index n, const T* x) {
  if (n == 0) return -static_cast<T>(kInf);
  const T m = extreme_row<T, 1>(n, x);
  return m - m == 0 ? m + log(exp_sum_row(n, x, m)) : m;  // a row of only -inf, one with +inf, one with NaN: m itself
}

template <class T>
GRADUS_INLINE T shifted(T x, T max) {
  return ((x == max) & (max > 0)) ? T(0) : x - max;
}

// A row whose largest element is +inf: 1 for the infinite elements, 0 for the others. Returns their number.
template <class T>
T infinite_row(Index n, const T* x, T* y) {
  T count = 0;
  for (Index i = 0; i < n; ++i) {
    y[i] = x[i] == static_cast<T>(kInf) ? T(1) : T(0);
    count += y[i];
  }
  return count;
}

template <class T>
struct Columns {
  T max[kStrip], sum[kStrip];
};

template <class T>
void column_sums(Index n, Index inner, Index width, const T* x, Columns<T>& c) {
  extreme_strip<T, 1>(n, inner, width, x, c.max);
  for (Index j = 0; j < width; ++j) c.sum[j] = 0;
  for (Index i = 0; i < n; ++i)
#pragma omp simd
    for (Index j = 0; j < width; ++j) c.sum[j] += exp(shifted(x[i * inner + j], c.max[j]));
}

template <class T>
void logsumexp_strip(Index n, Index inner, Index width, const T* x, T* y) {
  Columns<T> c;
  if (n == 0) {
    for (Index j = 0; j < width; ++j) y[j] = -static_cast<T>(kInf);
    return;
  }
  column_sums(n, inner, width, x, c);
  for (Index j = 0; j < width; ++j) y[j] = c.max[j] - c.max[j] == 0 ? c.max[j] + log(c.sum[j]) : c.max[j];
}

template <class T>
void softmax_row(Index n, const T* x, T* y) {
  const T m = extreme_row<T, 1>(n, x);
  if (m == static_cast<T>(kInf)) {
    infinite_row(n, x, y);
  } else {
#pragma omp simd
    for (Index i = 0; i < n; ++i) y[i] = exp(x[i] - m);
  }
  const T scale = 1 / sum_row(n, y);
#pragma omp simd
  for (Index i = 0; i < n; ++i) y[i] *= scale;
}

template <class T>
void softmax_strip(Index n, Index inner, Index width, const T* x, T* y) {
  Columns<T> c;
  column_sums(n, inner, width, x, c);
  for (Index j = 0; j < width; ++j) c.sum[j] = 1 / c.sum[j];
  for (Index i = 0; i < n; ++i)
#pragma omp simd
    for (Index j = 0; j < width; ++j) y[i * inner + j] = exp(shifted(x[i * inner + j], c.max[j])) * c.sum[j];
}

// x - m - log(sum): in this order, so that a large m does not swallow the logarithm.
template <class T>
void log_softmax_row(Index n, const T* x, T* y) {
  const T m = extreme_row<T, 1>(n, x);
  if (m == static_cast<T>(kInf)) {
    const T count = infinite_row(n, x, y);
    for (Index i = 0; i < n; ++i) y[i] = y[i] > 0 ? 0 - log(count) : -static_cast<T>(kInf);
    return;
  }
  const T l = log(exp_sum_row(n, x, m));
#pragma omp simd
  for (Index i = 0; i < n; ++i) y[i] = (x[i] - m) - l;
}

template <class T>
void log_softmax_strip(Index n, Index inner, Index width, const T* x, T* y) {
  Columns<T> c;
  column_sums(n, inner, width, x, c);
  for (Index j = 0; j < width; ++j) c.sum[j] = log(c.sum[j]);
  for (Index i = 0; i < n; ++i)
#pragma omp simd
    for (Index j = 0; j < width; ++j) y[i * inner + j] = shifted(x[i * inner + j], c.max[j]) - c.sum[j];
}

template <class T, auto row, auto strip>
void normalize(Index outer, Index n, Index inner, const T* x, T* y) {
  if (n == 0) return;
  for (Index o = 0; o < outer; ++o, x += n * inner, y += n * inner) {
    if (inner == 1)
      row(n, x, y);
    else
      for (Index j = 0; j < inner; j += kStrip) strip(n, inner, least(kStrip, inner - j), x + j, y + j);
  }
}

// Their rules, for rows: dx = y (g - sum(g y)) and dx = g - e^y sum(g).
template <class T>
void softmax_vjp(Index rows, Index n, const T* g, const T* y, T* dx) {
  const bool past = dx != g && dx != y && large<T>(rows * n);
  for (Index r = 0; r < rows; ++r, g += n, y += n, dx += n) {
    const T s = static_cast<T>(dot_row(n, g, y));
    write(n, dx, past, [=](Index i) { return y[i] * (g[i] - s); });
  }
  if (past) fence();
}

template <class T>
void log_softmax_vjp(Index rows, Index n, const T* g, const T* y, T* dx) {
  for (Index r = 0; r < rows; ++r, g += n, y += n, dx += n) {
    const T s = sum_row(n, g);
#pragma omp simd
    for (Index i = 0; i < n; ++i) dx[i] = g[i] - exp(y[i]) * s;
  }
}

// -log softmax(x)[at] for every row, and its rule: dx = g (softmax(x) - [j = at]).
template <class T>
void cross_entropy(Index rows, Index n, const T* x, const Index* at, T* loss) {
  for (Index r = 0; r < rows; ++r, x += n) {
    const T m = extreme_row<T, 1>(n, x), own = x[at[r]];
    if (m == static_cast<T>(kInf)) {
      T count = 0;
      for (Index i = 0; i < n; ++i) count += x[i] == m ? T(1) : T(0);
      loss[r] = own == m ? log(count) : m;
    } else {
      loss[r] = log(exp_sum_row(n, x, m)) - (own - m);
    }
  }
}

template <class T>
void cross_entropy_vjp(Index rows, Index n, const T* x, const Index* at, const T* g, T* dx) {
  for (Index r = 0; r < rows; ++r, x += n, dx += n) {
    softmax_row(n, x, dx);
    dx[at[r]] -= 1;
    const T k = g[r];
#pragma omp simd
    for (Index i = 0; i < n; ++i) dx[i] *= k;
  }
}

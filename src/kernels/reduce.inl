// Reductions over the middle axis of [outer, n, inner]. inner == 1: one contiguous row at a time, in several vector
// accumulators. Otherwise rows are folded into a strip of columns that stays in the cache.

constexpr Index kStrip = 128;

// Long f32 sums are carried in double from block to block, so that they lose nothing that a reader would notice.
template <class T>
struct WideOf {
  using type = T;
};
template <>
struct WideOf<float> {
  using type = double;
};
template <class T>
using Wide = typename WideOf<T>::type;

// y[j] = x[0][j] + … + x[n - 1][j]: four rows at a time, a block of rows in T, the blocks in Wide<T>.
template <class T>
void sum_strip(Index n, Index inner, Index width, const T* x, T* y) {
  constexpr Index kRows = 256, kFew = 8;
  if (n <= kFew) {
    for (Index j = 0; j < width; ++j) y[j] = n ? x[j] : T(0);
    for (Index i = 1; i < n; ++i)
      for (Index j = 0; j < width; ++j) y[j] = plus(y[j], x[i * inner + j]);
    return;
  }
  Wide<T> total[kStrip] = {};
  for (Index start = 0; start < n; start += kRows) {
    const Index end = least(start + kRows, n);
    T part[kStrip] = {};
    Index i = start;
    for (; i + 4 <= end; i += 4) {
      const T* r = x + i * inner;
#pragma omp simd
      for (Index j = 0; j < width; ++j)
        part[j] = plus(part[j], plus(plus(r[j], r[j + inner]), plus(r[j + 2 * inner], r[j + 3 * inner])));
    }
    for (; i < end; ++i)
#pragma omp simd
      for (Index j = 0; j < width; ++j) part[j] = plus(part[j], x[i * inner + j]);
    for (Index j = 0; j < width; ++j) total[j] = plus(total[j], Wide<T>(part[j]));
  }
  for (Index j = 0; j < width; ++j) y[j] = static_cast<T>(total[j]);
}

constexpr Index kSummed = 256;  // more would lose digits of a long f32 sum

// The sum of up to kSummed elements in sixteen lanes, on every processor the same.
template <class T>
T sum_piece(Index n, const T* x) {
  constexpr Index kLanes = 16;
  using Lanes [[gnu::vector_size(kLanes * sizeof(T))]] = T;
  Lanes sum = {}, some;
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    __builtin_memcpy(&some, x + i, sizeof some);
    sum += some;
  }
  T lane[kLanes];
  __builtin_memcpy(lane, &sum, sizeof lane);
  for (Index q = 0; i < n; ++i, ++q) lane[q] += x[i];
  for (Index half = kLanes / 2; half > 0; half /= 2)
    for (Index q = 0; q < half; ++q) lane[q] += lane[q + half];
  return lane[0];
}

// Pieces of a row in T, the pieces in Wide<T>.
template <class T>
T sum_row(Index n, const T* x) {
  Wide<T> total = 0;
  for (; n > 0; n -= kSummed, x += kSummed) {
    const Index m = least(n, kSummed);
    T part = 0;
    if (m < 16 || is_index<T>)
      for (Index i = 0; i < m; ++i) part = plus(part, x[i]);
    else
      part = sum_piece(m, x);
    total = plus(total, Wide<T>(part));
  }
  return static_cast<T>(total);
}

// The sums of a b and of (x - m)^2 over a row, likewise. Loops of their own: a callable inside keeps g++ from
// vectorising. The products are rounded before they are summed, as in the rules in operations: where g - sum(g y)
// nearly vanishes, the two must err alike.
template <class T>
Wide<T> dot_row(Index n, const T* a, const T* b) {
  Wide<T> total = 0;
  for (; n > 0; n -= kSummed, a += kSummed, b += kSummed) {
    const Index m = least(n, kSummed);
    T product[kSummed];
#pragma omp simd
    for (Index i = 0; i < m; ++i) product[i] = a[i] * b[i];
    total += sum_row(m, product);
  }
  return total;
}

template <class T>
double dot(Index n, const T* a, const T* b) {
  return static_cast<double>(dot_row(n, a, b));
}

template <class T>
Wide<T> spread_row(Index n, const T* x, T mean) {
  Wide<T> total = 0;
  for (; n > 0; n -= kSummed, x += kSummed) {
    const Index m = least(n, kSummed);
    T square[kSummed];
#pragma omp simd
    for (Index i = 0; i < m; ++i) square[i] = (x[i] - mean) * (x[i] - mean);
    total += sum_row(m, square);
  }
  return total;
}

// The largest (sign = 1) or smallest (sign = -1) element; NaN wins. n > 0.
template <class T, int sign>
T extreme_row(Index n, const T* x) {
  T m = x[0];
  int nan = 0;
  if (n < 16) {
    for (Index i = 0; i < n; ++i) {
      m = (sign > 0 ? m < x[i] : x[i] < m) ? x[i] : m;
      nan |= x[i] != x[i];
    }
  } else if constexpr (sign > 0) {
#pragma omp simd reduction(max : m) reduction(| : nan)
    for (Index i = 0; i < n; ++i) {
      m = m < x[i] ? x[i] : m;
      nan |= x[i] != x[i];
    }
  } else {
#pragma omp simd reduction(min : m) reduction(| : nan)
    for (Index i = 0; i < n; ++i) {
      m = x[i] < m ? x[i] : m;
      nan |= x[i] != x[i];
    }
  }
  return nan ? static_cast<T>(kNaN) : m;
}

template <int sign, class T>
GRADUS_INLINE bool beats(T x, T best) {
  return (sign > 0 ? !(x <= best) : !(x >= best)) & (best == best);
}

template <class T, int sign>
void extreme_strip(Index n, Index inner, Index width, const T* x, T* y) {
  for (Index j = 0; j < width; ++j) y[j] = x[j];
  for (Index i = 1; i < n; ++i)
#pragma omp simd
    for (Index j = 0; j < width; ++j) {
      const T v = x[i * inner + j], best = y[j];
      y[j] = beats<sign>(v, best) ? v : best;
    }
}

template <class T>
T prod_row(Index n, const T* x) {
  T p = 1;
  if constexpr (is_real<T>) {
    if (n >= 16) {
#pragma omp simd reduction(* : p)
      for (Index i = 0; i < n; ++i) p *= x[i];
      return p;
    }
  }
  for (Index i = 0; i < n; ++i) p = times(p, x[i]);
  return p;
}

template <class T>
void prod_strip(Index n, Index inner, Index width, const T* x, T* y) {
  for (Index j = 0; j < width; ++j) y[j] = 1;
  for (Index i = 0; i < n; ++i)
#pragma omp simd
    for (Index j = 0; j < width; ++j) y[j] = times(y[j], x[i * inner + j]);
}

// A Reduce entry made of its two halves.
template <class T, auto row, auto strip>
void reduce(Index outer, Index n, Index inner, const T* x, T* y) {
  for (Index o = 0; o < outer; ++o, x += n * inner, y += inner) {
    if (inner == 1)
      *y = row(n, x);
    else
      for (Index j = 0; j < inner; j += kStrip) strip(n, inner, least(kStrip, inner - j), x + j, y + j);
  }
}

// The index of the first extreme: find its value with vectors, then look for it.
template <class T, int sign>
Index arg_row(Index n, const T* x) {
  const T m = extreme_row<T, sign>(n, x);
  Index i = 0;
  if (m != m)
    while (x[i] == x[i]) ++i;
  else
    while (x[i] != m) ++i;
  return i;
}

template <class T, int sign>
void arg_strip(Index n, Index inner, Index width, const T* x, Index* y) {
  T best[kStrip];
  for (Index j = 0; j < width; ++j) best[j] = x[j], y[j] = 0;
  for (Index i = 1; i < n; ++i)
#pragma omp simd
    for (Index j = 0; j < width; ++j) {
      const T v = x[i * inner + j], b = best[j];
      const bool take = beats<sign>(v, b);
      best[j] = take ? v : b;
      y[j] = take ? i : y[j];
    }
}

template <class T, int sign>
void arg_reduce(Index outer, Index n, Index inner, const T* x, Index* y) {
  for (Index o = 0; o < outer; ++o, x += n * inner, y += inner) {
    if (inner == 1)
      *y = arg_row<T, sign>(n, x);
    else
      for (Index j = 0; j < inner; j += kStrip) arg_strip<T, sign>(n, inner, least(kStrip, inner - j), x + j, y + j);
  }
}

template <class T>
void cumsum(Index outer, Index n, Index inner, const T* x, T* y) {
  for (Index o = 0; o < outer; ++o, x += n * inner, y += n * inner)
    for (Index start = 0; start < inner; start += kStrip) {
      const Index width = least(kStrip, inner - start);
      Wide<T> total[kStrip] = {};
      for (Index i = 0; i < n; ++i)
        for (Index j = 0; j < width; ++j) {
          total[j] = plus(total[j], Wide<T>(x[i * inner + start + j]));
          y[i * inner + start + j] = static_cast<T>(total[j]);
        }
    }
}

// A number is NaN or infinite if it is, without its sign and as an integer, as large as infinity or larger. Looked at
// after each block.
template <class T>
bool nonfinite(Index n, const T* x) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  constexpr Bits infinity = sizeof(T) == 4 ? Bits(0x7F800000) : static_cast<Bits>(0x7FF0000000000000);
  constexpr Bits magnitude = sizeof(T) == 4 ? Bits(0x7FFFFFFF) : static_cast<Bits>(0x7FFFFFFFFFFFFFFF);
  constexpr Index kBlock = 4096;
  for (Index start = 0; start < n; start += kBlock) {
    const Index end = least(start + kBlock, n);
    Bits largest = 0;
#pragma omp simd reduction(max : largest)
    for (Index i = start; i < end; ++i) {
      Bits b;
      __builtin_memcpy(&b, x + i, sizeof b);
      b &= magnitude;
      largest = b > largest ? b : largest;
    }
    if (largest >= infinity) return true;
  }
  return false;
}

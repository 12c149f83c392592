// Transposing: square tiles in registers, and strips of them.

// The lanes of two vectors in turn: of their first halves, or of their second.
template <int half, class V, int... lane>
GRADUS_INLINE V interleave(V a, V b, Lanes<lane...>) {
  constexpr int n = sizeof...(lane);
  return __builtin_shufflevector(a, b, (lane / 2 + half * n / 2 + (lane % 2) * n)...);
}

// A square of n by n: log2 n times its upper and lower half interleaved. past: y, at a multiple of 64 bytes as its rows
// are, is written past the caches. Rows of x beyond `last` are not read: they are its copies.
constexpr Index kTile = 16;
template <bool past, Index n = kTile, class T>
GRADUS_INLINE void transpose_tile(const T* x, Index ldx, T* y, Index ldy, Index last = n - 1) {
  using V [[gnu::vector_size(n * sizeof(T))]] = T;
  constexpr auto lanes = typename MakeLanes<n>::type{};
  V row[n], next[n];
#pragma GCC unroll 16
  for (Index i = 0; i < n; ++i) __builtin_memcpy(&row[i], x + least(i, last) * ldx, sizeof(V));
#pragma GCC unroll 4
  for (Index stage = 1; stage < n; stage *= 2) {
#pragma GCC unroll 8
    for (Index i = 0; i < n / 2; ++i) {
      next[2 * i] = interleave<0>(row[i], row[i + n / 2], lanes);
      next[2 * i + 1] = interleave<1>(row[i], row[i + n / 2], lanes);
    }
#pragma GCC unroll 16
    for (Index i = 0; i < n; ++i) row[i] = next[i];
  }
#pragma GCC unroll 16
  for (Index i = 0; i < n; ++i) {
    if constexpr (past)
      store_past(row[i], y + i * ldy);
    else
      __builtin_memcpy(y + i * ldy, &row[i], sizeof(V));
  }
}

// Some tiles lie below each other, so that whole cache lines of y are written one after the other.
#ifdef __wasm__
constexpr Index kTiledBytes = 4;  // of one number: a tile of f64 would be 33 KB of code
#else
constexpr Index kTiledBytes = 8;
#endif
template <bool past, class T>
GRADUS_INLINE void transpose_strips(Index rows, Index cols, const T* x, Index ldx, T* y) {
  constexpr Index kHigh = 4 * kTile, tile = sizeof(T) == 8 ? kTile / 2 : kTile;  // of 8 bytes: the code is a fifth
  for (Index r0 = 0; r0 < rows; r0 += kHigh) {
    const Index r1 = least(r0 + kHigh, rows);
    for (Index c0 = 0; c0 < cols; c0 += tile) {
      const Index c1 = least(c0 + tile, cols);
      Index r = r0;
      if constexpr (sizeof(T) == 4 || sizeof(T) == kTiledBytes) {
        if (c1 - c0 == tile)
          for (; r + tile <= r1; r += tile) transpose_tile<past, tile>(x + r * ldx + c0, ldx, y + c0 * rows + r, rows);
      }
      for (Index c = c0; c < c1; ++c)
        for (Index q = r; q < r1; ++q) y[c * rows + q] = x[q * ldx + c];
    }
  }
}

// Plain stores to rows that are far apart cost several times the copy when the result leaves the caches. Of a result
// whose rows are whole cache lines, each line is then written at once, past them.
template <class T>
void transpose(Index rows, Index cols, const T* x, Index ldx, T* y) {
  constexpr Index kPast = 4 << 20;  // bytes
  if constexpr (can_write_past && (sizeof(T) == 4 || sizeof(T) == 8)) {
    constexpr Index line = 64;
    if (rows * cols * static_cast<Index>(sizeof(T)) >= kPast && rows % (line / static_cast<Index>(sizeof(T))) == 0 &&
        reinterpret_cast<std::uintptr_t>(y) % line == 0) {
      transpose_strips<true>(rows, cols, x, ldx, y);
      return fence();
    }
  }
  transpose_strips<false>(rows, cols, x, ldx, y);
}

// A matrix product of our own: a tile of C stays in registers while the depth passes by. Each element of C is one chain
// of multiply-adds in the order of k, cut where k alone says. So its bits depend on its row of op(A) and its column of
// op(B) and on nothing else: not on their place, not on how many others there are, not on threads; and A Aᵀ is
// symmetric to the bit. The packing of panels follows Goto and van de Geijn, Anatomy of High-Performance Matrix
// Multiplication (2008).

#if defined(__AVX512F__)
constexpr Index kVectorBytes = 64;
constexpr int kTileRows = 14;  // times two vectors: 28 of the 32 registers
#elif defined(__AVX__)
constexpr Index kVectorBytes = 32;
constexpr int kTileRows = 6;  // 12 of 16
#else
constexpr Index kVectorBytes = 16;
constexpr int kTileRows = 4;
#endif
constexpr Index kDepth = 256;  // of a panel: how k is cut

template <class T>
struct Simd {
  using V [[gnu::vector_size(kVectorBytes)]] = T;
  static constexpr Index lanes = kVectorBytes / static_cast<Index>(sizeof(T));
};
template <class T>
using Vec = typename Simd<T>::V;

// x b + sum, rounded once where the level can: written out, since f64 is compiled without contraction.
template <class T>
GRADUS_INLINE Vec<T> fused(T x, Vec<T> b, Vec<T> sum) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4)
    return _mm512_fmadd_ps(_mm512_set1_ps(x), b, sum);
  else
    return _mm512_fmadd_pd(_mm512_set1_pd(x), b, sum);
#elif defined(__FMA__)
  if constexpr (sizeof(T) == 4)
    return _mm256_fmadd_ps(_mm256_set1_ps(x), b, sum);
  else
    return _mm256_fmadd_pd(_mm256_set1_pd(x), b, sum);
#else
  return x * b + sum;
#endif
}

// The first `count` lanes of a vector. AVX-512 reads them alone, also within the loop over k; the others read whole
// vectors there, of panels that are packed and padded.
#if defined(__AVX512F__)
constexpr bool can_mask = true;
template <class T>
GRADUS_INLINE Vec<T> load_lanes(const T* x, Index count) {
  if constexpr (sizeof(T) == 4)
    return _mm512_maskz_loadu_ps(static_cast<__mmask16>(0xffffu >> (16 - count)), x);
  else
    return _mm512_maskz_loadu_pd(static_cast<__mmask8>(0xffu >> (8 - count)), x);
}
template <class T>
GRADUS_INLINE void store_lanes(Vec<T> v, T* y, Index count) {
  if constexpr (sizeof(T) == 4)
    _mm512_mask_storeu_ps(y, static_cast<__mmask16>(0xffffu >> (16 - count)), v);
  else
    _mm512_mask_storeu_pd(y, static_cast<__mmask8>(0xffu >> (8 - count)), v);
}
#else
constexpr bool can_mask = false;
template <class T>
GRADUS_INLINE Vec<T> load_lanes(const T* x, Index count) {
  Vec<T> v = {};
  if (count == Simd<T>::lanes)
    __builtin_memcpy(&v, x, sizeof v);
  else
    for (Index i = 0; i < count; ++i) v[i] = x[i];
  return v;
}
template <class T>
GRADUS_INLINE void store_lanes(Vec<T> v, T* y, Index count) {
  if (count == Simd<T>::lanes)
    __builtin_memcpy(y, &v, sizeof v);
  else
    for (Index i = 0; i < count; ++i) y[i] = v[i];
}
#endif

// Where a tile's sums go: c = alpha sum + beta c, where beta 0 does not read c.
template <class T>
struct Result {
  T* c;
  Index ldc;
  T alpha, beta;
};

// A tile's operands over `k` terms: number (i, p) of A is a[i * ai + p * ak], row p of B begins at b + p * bk. The last
// vector of a row of B has `last` lanes.
template <class T>
struct Operands {
  Index k;
  const T* a;
  Index ai, ak;
  const T* b;
  Index bk, last;
};

template <class T, int rows, int vectors>
void multiply_tile(const Operands<T>& o, const Result<T>& to) {
  constexpr Index lanes = Simd<T>::lanes;
  Vec<T> sum[rows][vectors] = {}, b[vectors];
  const T *a = o.a, *row = o.b;
  const Index k = o.k, ai = o.ai, ak = o.ak, bk = o.bk, last = o.last;
  for (Index p = 0; p < k; ++p, a += ak, row += bk) {
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) {
      if (can_mask && v + 1 == vectors)
        b[v] = load_lanes(row + v * lanes, last);
      else
        __builtin_memcpy(&b[v], row + v * lanes, sizeof b[v]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
      const T x = a[i * ai];
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v) sum[i][v] = fused(x, b[v], sum[i][v]);
    }
  }
  if (to.alpha != 1) {
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v) sum[i][v] *= to.alpha;
  }
  if (to.beta != 0) {
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v)
        sum[i][v] =
            fused(to.beta, load_lanes(to.c + i * to.ldc + v * lanes, v + 1 == vectors ? last : lanes), sum[i][v]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v)
      store_lanes(sum[i][v], to.c + i * to.ldc + v * lanes, v + 1 == vectors ? last : lanes);
}

template <class T>
using Tile = void (*)(const Operands<T>& o, const Result<T>& to);
template <class T, int vectors, int... row>
GRADUS_INLINE Tile<T> tile_of(Index rows, Lanes<row...>) {
  static constexpr Tile<T> tiles[] = {multiply_tile<T, row + 1, vectors>...};
  return tiles[rows - 1];
}
// A tile of few rows is wide, so that enough sums are under way at a time.
constexpr Index kFewRows = 3;
template <class T>
GRADUS_INLINE Tile<T> choose_tile(Index rows, Index vectors) {
  if (vectors == 4) return tile_of<T, 4>(rows, typename MakeLanes<kFewRows>::type{});
  if (vectors == 2) return tile_of<T, 2>(rows, typename MakeLanes<kTileRows>::type{});
  return tile_of<T, 1>(rows, typename MakeLanes<kTileRows>::type{});
}

// `width` columns of k rows of op(B), side by side in rows of `wide` numbers. Where B is stored transposed, its rows
// are columns of the panel, and 16 of them are turned at a time; rows beyond the last are its copies, which nobody
// uses.
template <class T>
void pack_panel(bool tb, Index k, Index width, Index wide, const T* b, Index ldb, T* panel) {
  if (!tb) {
    for (Index p = 0; p < k; ++p, b += ldb, panel += wide) {
      Index j = 0;
      for (; j + Simd<T>::lanes <= width; j += Simd<T>::lanes) __builtin_memcpy(panel + j, b + j, sizeof(Vec<T>));
      if (j < width) {
        const Vec<T> rest = load_lanes(b + j, width - j);
        __builtin_memcpy(panel + j, &rest, sizeof rest);
        j += Simd<T>::lanes;
      }
      for (; j < wide; ++j) panel[j] = 0;
    }
    return;
  }
  for (Index j = 0; j < wide; j += kTile) {
    const Index count = least(kTile, width - j);
    if (k >= kTile && wide % kTile == 0 && count > 0) {
      for (Index p = 0; p < k; p += kTile) {
        const Index at = least(p, k - kTile);
        transpose_tile<false>(b + j * ldb + at, ldb, panel + at * wide + j, wide, count - 1);
      }
    } else {
      const Index end = least(kTile, wide - j);
      for (Index p = 0; p < k; ++p)
        for (Index i = 0; i < end; ++i) panel[p * wide + j + i] = i < count ? b[(j + i) * ldb + p] : T(0);
    }
  }
}

// `rows` rows of op(A), k terms, as [k][kTile].
template <class T>
void pack_rows(bool ta, Index k, Index rows, const T* a, Index lda, T* packed) {
  if (ta) {
    for (Index p = 0; p < k; ++p)
      for (Index i = 0; i < kTile; i += Simd<T>::lanes)
        if (i < rows) {
          const Vec<T> v = load_lanes(a + p * lda + i, least(Simd<T>::lanes, rows - i));
          __builtin_memcpy(packed + p * kTile + i, &v, sizeof v);
        }
  } else if (k >= kTile) {
    for (Index p = 0; p < k; p += kTile) {
      const Index at = least(p, k - kTile);
      transpose_tile<false>(a + at, lda, packed + at * kTile, kTile, rows - 1);
    }
  } else {
    for (Index i = 0; i < rows; ++i)
      for (Index p = 0; p < k; ++p) packed[p * kTile + i] = a[i * lda + p];
  }
}

// C = alpha op(A) op(B) + beta C, as gemm has it, on one thread; m, n and k are 1 or more.
template <class T>
[[gnu::noinline]] void multiply_own(bool ta, bool tb, Index m, Index n, Index k, T alpha, const T* a, Index lda,
                                    const T* b, Index ldb, T beta, T* c, Index ldc) {
  constexpr Index lanes = Simd<T>::lanes, wide = 2 * lanes;
  constexpr Index most_columns = static_cast<Index>(workspace_bytes / sizeof(T)) / kDepth;
  alignas(64) T one_panel[kDepth * wide];
  alignas(64) T packed[kDepth * kTile];
  T* const many = n > wide ? static_cast<T*>(workspace()) : nullptr;
  T* const panels = many ? many : one_panel;
  const Index block = many ? most_columns : wide;
  const Index tiles = pieces_of(m, kTileRows), rows = pieces_of(m, tiles), cuts = pieces_of(k, kDepth),
              depth = pieces_of(k, cuts);
  const bool few = m <= kFewRows && !tb;
  for (Index n0 = 0; n0 < n; n0 += block) {
    const Index width = least(block, n - n0);
    for (Index k0 = 0; k0 < k; k0 += depth) {
      const Index terms = least(depth, k - k0);
      const T* const from = b + (tb ? n0 * ldb + k0 : k0 * ldb + n0);
      // Rows that are far apart are packed if they are read often; a rest of less than a vector by those who must.
      const Index whole = can_mask ? width : width / lanes * lanes;  // what may be read in place
      const bool pack_all = tb || (tiles > 1 && ldb * static_cast<Index>(sizeof(T)) >= 2048);
      const Index in_place = pack_all ? 0 : whole;
      for (Index j = in_place; j < width; j += wide)
        pack_panel(tb, terms, least(wide, width - j), width - j > lanes ? wide : lanes, from + (tb ? j * ldb : j), ldb,
                   panels + (j - in_place) * terms);
      for (Index i = 0; i < m; i += rows) {
        const Index high = least(rows, m - i);
        Operands<T> o{terms, a + (ta ? k0 * lda + i : i * lda + k0), ta ? 1 : lda, ta ? lda : 1, nullptr, 0, 0};
        if (kTileRows > 6 && width > 2 * wide && high > 1 && (ta || terms >= kTile)) {
          pack_rows(ta, terms, high, o.a, lda, packed);
          o.a = packed;
          o.ai = 1;
          o.ak = kTile;
        }
        Result<T> to{c + i * ldc + n0, ldc, alpha, k0 == 0 ? beta : T(1)};
        for (Index j = 0; j < width;) {
          const Index left = j < in_place ? in_place - j : width - j;
          const Index vectors = few && j < in_place && left >= 4 * lanes ? 4 : left > lanes ? 2 : 1;
          const Index done = least(vectors * lanes, left);
          o.b = j < in_place ? from + j : panels + (j - in_place) * terms;
          o.bk = j < in_place ? ldb : vectors * lanes;
          o.last = done - (vectors - 1) * lanes;
          choose_tile<T>(high, vectors)(o, to);
          to.c += done;
          j += done;
        }
      }
    }
  }
}

// The sum of a vector's lanes, by halves: as many additions after another as it has doublings.
template <class V, int... lane>
GRADUS_INLINE auto add_halves(V v, Lanes<lane...>) {
  constexpr int half = sizeof...(lane);
  return __builtin_shufflevector(v, v, lane...) + __builtin_shufflevector(v, v, (lane + half)...);
}
template <int lanes, class V>
GRADUS_INLINE auto sum_lanes(V v) {
  if constexpr (lanes == 2)
    return v[0] + v[1];
  else
    return sum_lanes<lanes / 2>(add_halves(v, typename MakeLanes<lanes / 2>::type{}));
}

// y = alpha op(B)ᵀ x + beta y where op(B)ᵀ's rows are contiguous, rows apart ldb: dot products, whose terms are summed
// lane by lane. x's numbers are xs apart.
template <class T, int rows>
GRADUS_INLINE void dot_rows(Index k, const T* x, const T* b, Index ldb, T* result) {
  constexpr Index lanes = Simd<T>::lanes;
  Vec<T> sum[rows] = {}, more[rows] = {};
  Index p = 0;
  const auto add = [&](Vec<T>(&to)[rows], Index at) {
    Vec<T> v, w;
    __builtin_memcpy(&v, x + at, sizeof v);
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) {
      __builtin_memcpy(&w, b + i * ldb + at, sizeof w);
      to[i] += v * w;
    }
  };
  for (; p + 2 * lanes <= k; p += 2 * lanes) {
    add(sum, p);
    add(more, p + lanes);
  }
  if (p + lanes <= k) {
    add(sum, p);
    p += lanes;
  }
  if (p < k) {
    const Vec<T> v = load_lanes(x + p, k - p);
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) more[i] += v * load_lanes(b + i * ldb + p, k - p);
  }
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) result[i] = sum_lanes<static_cast<int>(lanes)>(sum[i] + more[i]);
}
template <class T>
void multiply_row(Index n, Index k, T alpha, const T* x, const T* b, Index ldb, T beta, T* y) {
  constexpr int kRows = 4;
  Index j = 0;
  for (; j < n; j += kRows) {
    T sum[kRows];
    const Index count = least(kRows, n - j);
    if (count == kRows)
      dot_rows<T, kRows>(k, x, b + j * ldb, ldb, sum);
    else
      for (Index i = 0; i < count; ++i) dot_rows<T, 1>(k, x, b + (j + i) * ldb, ldb, sum + i);
    for (Index i = 0; i < count; ++i) y[j + i] = beta == 0 ? alpha * sum[i] : alpha * sum[i] + beta * y[j + i];
  }
}

// Max pooling by windows of 2 x 2 side by side, which nearly every network has: two rows of the image become one, whole
// vectors at a time. Rows end in a vector that overlaps the one before.

inline bool in_pairs(const Conv& v) {
  return v.kh == 2 && v.kw == 2 && v.sh == 2 && v.sw == 2 && !(v.ph | v.pw) && 2 * v.oh <= v.h && 2 * v.ow <= v.w &&
         v.ow >= 4;
}

// Calls piece(plane, image row, output row, first output) for every piece of n outputs.
template <Index n, class Piece>
GRADUS_INLINE void for_pairs(const Conv& v, Index begin, Index end, Piece piece) {
  for (Index plane = begin; plane < end; ++plane)
    for (Index r = 0; r < v.oh; ++r) {
      for (Index q = 0; q + n < v.ow; q += n) piece(plane, r, q);
      piece(plane, r, v.ow - n);
    }
}

template <class T, Index n>
struct Pairs {
  using V [[gnu::vector_size(n * sizeof(T))]] = T;
  using L [[gnu::vector_size(n * sizeof(T))]] = Lane<T>;
  using Bytes [[gnu::vector_size(n)]] = std::uint8_t;

  template <int odd, int... lane>
  GRADUS_INLINE static V every_other(V a, V b, Lanes<lane...>) {
    return __builtin_shufflevector(a, b, (2 * lane + odd)...);
  }
  static constexpr typename MakeLanes<n>::type lanes{};

  template <bool rectify>
  static void forward(const Conv& v, Index begin, Index end, const T* x, T* y, std::uint8_t* taps) {
    for_pairs<n>(
        v, begin, end, [&](Index plane, Index r, Index q) __attribute__((always_inline)) {
          const Index out = (plane * v.oh + r) * v.ow + q;
          V best = {};
          L winner = {};
          for (Lane<T> i = 0; i < 2; ++i) {
            V left, right;
            const T* row = x + (plane * v.h + 2 * r + i) * v.w + 2 * q;
            __builtin_memcpy(&left, row, sizeof left);
            __builtin_memcpy(&right, row + n, sizeof right);
            const V even = every_other<0>(left, right, lanes), odd = every_other<1>(left, right, lanes);
            const L take = i == 0 ? ~L{} : (L)(~(L)(even <= best) & (L)(best == best));
            best = take ? even : best;
            winner = take ? L{} + static_cast<Lane<T>>(2 * i) : winner;
            const L beaten = ~(L)(odd <= best) & (L)(best == best);
            best = beaten ? odd : best;
            winner = beaten ? L{} + static_cast<Lane<T>>(2 * i + 1) : winner;
          }
          if constexpr (rectify) {
            winner |= (L)(best <= 0);  // no tap
            best = best <= 0 ? V{} : best;
          }
          const Bytes tap = __builtin_convertvector(winner, Bytes);
          __builtin_memcpy(y + out, &best, sizeof best);
          __builtin_memcpy(taps + out, &tap, sizeof tap);
        });
  }

  // dx = g where a window's first maximum is, 0 elsewhere.
  static void backward(const Conv& v, Index begin, Index end, const T* g, const std::uint8_t* taps, T* dx) {
    constexpr typename MakeLanes<n>::type l{};
    for_pairs<n>(
        v, begin, end, [&](Index plane, Index r, Index q) __attribute__((always_inline)) {
          const Index out = (plane * v.oh + r) * v.ow + q;
          V given;
          Bytes tap;
          __builtin_memcpy(&given, g + out, sizeof given);
          __builtin_memcpy(&tap, taps + out, sizeof tap);
          const L winner = __builtin_convertvector(tap, L);
          for (Lane<T> i = 0; i < 2; ++i) {
            const V even = winner == L{} + static_cast<Lane<T>>(2 * i) ? given : V{},
                    odd = winner == L{} + static_cast<Lane<T>>(2 * i + 1) ? given : V{};
            const V left = interleave<0>(even, odd, l), right = interleave<1>(even, odd, l);
            T* row = dx + (plane * v.h + 2 * r + i) * v.w + 2 * q;
            __builtin_memcpy(row, &left, sizeof left);
            __builtin_memcpy(row + n, &right, sizeof right);
          }
        });
  }
};

template <class T, class Run>
GRADUS_INLINE void by_width(const Conv& v, Run run) {
  parallel_for(v.n * v.c, most(1, (1 << 15) / most(1, v.h * v.w)), [&](Index begin, Index end) {
    if constexpr (sizeof(T) == 4)  // 16 of f64 are no faster than 8
      if (v.ow >= 16) return run(Pairs<T, 16>{}, begin, end);
    if (v.ow >= 8)
      run(Pairs<T, 8>{}, begin, end);
    else
      run(Pairs<T, 4>{}, begin, end);
  });
}

template <class T>
void max_pool2d(const Conv& v, bool rectify, const T* x, T* y, std::uint8_t* taps) {
  if (!in_pairs(v)) return max_pool2d_strips(v, rectify, x, y, taps);
  by_width<T>(v, [&](auto pairs, Index begin, Index end) {
    if (rectify)
      pairs.template forward<true>(v, begin, end, x, y, taps);
    else
      pairs.template forward<false>(v, begin, end, x, y, taps);
  });
}

// The adjoint: each number of g goes to where its window's maximum was.
template <class T>
void max_pool2d_input(const Conv& v, const T* g, const std::uint8_t* taps, T* dx) {
  const Index size = v.h * v.w;
  const bool pairs = in_pairs(v), covered = pairs && 2 * v.oh == v.h && 2 * v.ow == v.w;
  if (!covered) fill(v.n * v.c * size, T(0), dx);
  if (pairs) return by_width<T>(v, [&](auto p, Index begin, Index end) { p.backward(v, begin, end, g, taps, dx); });
  const Taps store(v);
  parallel_for(v.n * v.c, most(1, (1 << 15) / most(1, size)), [&](Index begin, Index end) {
    Index i = begin * v.oh * v.ow;
    for (Index plane = begin; plane < end; ++plane)
      for (Index r = 0; r < v.oh; ++r)
        for (Index q = 0; q < v.ow; ++q, ++i) {
          const Index tap = store.read(taps, i);
          if (tap == Taps::none) continue;
          const Index h = r * v.sh - v.ph + tap / v.kw * v.dh, w = q * v.sw - v.pw + tap % v.kw * v.dw;
          dx[(plane * v.h + h) * v.w + w] += g[i];
        }
  });
}

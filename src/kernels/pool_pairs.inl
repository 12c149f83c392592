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
  using Wide [[gnu::vector_size(n * sizeof(Index))]] = Index;

  template <int odd, int... lane>
  GRADUS_INLINE static V every_other(V a, V b, Lanes<lane...>) {
    return __builtin_shufflevector(a, b, (2 * lane + odd)...);
  }
  template <int... lane>
  GRADUS_INLINE static L steps_of_two(Lanes<lane...>) {
    return L{static_cast<Lane<T>>(2 * lane)...};
  }
  static constexpr typename MakeLanes<n>::type lanes{};

  static void forward(const Conv& v, Index begin, Index end, const T* x, T* y, Index* at) {
    const L offset = steps_of_two(lanes);
    for_pairs<n>(
        v, begin, end, [&](Index plane, Index r, Index q) __attribute__((always_inline)) {
          const Index first = 2 * r * v.w + 2 * q, out = (plane * v.oh + r) * v.ow + q;
          V best = {};
          L winner = {};
          for (Index i = 0; i < 2; ++i) {
            V left, right;
            const T* row = x + plane * v.h * v.w + first + i * v.w;
            __builtin_memcpy(&left, row, sizeof left);
            __builtin_memcpy(&right, row + n, sizeof right);
            const L position = offset + static_cast<Lane<T>>(first + i * v.w);
            const V even = every_other<0>(left, right, lanes), odd = every_other<1>(left, right, lanes);
            const L take = i == 0 ? ~L{} : (L)(~(L)(even <= best) & (L)(best == best));
            best = take ? even : best;
            winner = take ? position : winner;
            const L beaten = ~(L)(odd <= best) & (L)(best == best);
            best = beaten ? odd : best;
            winner = beaten ? position + 1 : winner;
          }
          const Wide wide = __builtin_convertvector(winner, Wide);
          __builtin_memcpy(y + out, &best, sizeof best);
          __builtin_memcpy(at + out, &wide, sizeof wide);
        });
  }

  // dx = g where a window's first maximum is, 0 elsewhere.
  static void backward(const Conv& v, Index begin, Index end, const T* g, const Index* at, T* dx) {
    const L offset = steps_of_two(lanes);
    constexpr typename MakeLanes<n>::type l{};
    for_pairs<n>(
        v, begin, end, [&](Index plane, Index r, Index q) __attribute__((always_inline)) {
          const Index first = 2 * r * v.w + 2 * q, out = (plane * v.oh + r) * v.ow + q;
          V given;
          Wide wide;
          __builtin_memcpy(&given, g + out, sizeof given);
          __builtin_memcpy(&wide, at + out, sizeof wide);
          const L winner = __builtin_convertvector(wide, L);
          for (Index i = 0; i < 2; ++i) {
            const L position = offset + static_cast<Lane<T>>(first + i * v.w);
            const V even = winner == position ? given : V{}, odd = winner == position + 1 ? given : V{};
            const V left = interleave<0>(even, odd, l), right = interleave<1>(even, odd, l);
            T* row = dx + plane * v.h * v.w + first + i * v.w;
            __builtin_memcpy(row, &left, sizeof left);
            __builtin_memcpy(row + n, &right, sizeof right);
          }
        });
  }
};

template <class T, class Run>
GRADUS_INLINE void by_width(const Conv& v, Run run) {
  parallel_for(v.n * v.c, most(1, (1 << 15) / most(1, v.h * v.w)), [&](Index begin, Index end) {
    if (v.ow >= 16)
      run(Pairs<T, 16>{}, begin, end);
    else if (v.ow >= 8)
      run(Pairs<T, 8>{}, begin, end);
    else
      run(Pairs<T, 4>{}, begin, end);
  });
}

template <class T>
void max_pool2d(const Conv& v, const T* x, T* y, Index* at) {
  if (!in_pairs(v)) return max_pool2d_strips(v, x, y, at);
  by_width<T>(v, [&](auto pairs, Index begin, Index end) { pairs.forward(v, begin, end, x, y, at); });
}

// The adjoint: each number of g goes to where its window's maximum was.
template <class T>
void max_pool2d_input(const Conv& v, const T* g, const Index* at, T* dx) {
  const Index size = v.h * v.w, windows = v.oh * v.ow;
  const bool pairs = in_pairs(v), covered = pairs && 2 * v.oh == v.h && 2 * v.ow == v.w;
  if (!covered) fill(v.n * v.c * size, T(0), dx);
  if (pairs) return by_width<T>(v, [&](auto p, Index begin, Index end) { p.backward(v, begin, end, g, at, dx); });
  parallel_for(v.n * v.c, most(1, (1 << 15) / most(1, size)), [&](Index begin, Index end) {
    for (Index plane = begin; plane < end; ++plane)
      for (Index i = plane * windows; i < (plane + 1) * windows; ++i) dx[plane * size + at[i]] += g[i];
  });
}

// Pooling. A strip of output pixels (across rows: rows are often shorter than a vector) keeps its running result while
// the window's taps pass by. The strip's geometry is worked out once and serves every plane.

// Indices as wide as the values, so that both share one vector mask.
template <class T>
struct LaneOf {
  using type = std::int64_t;
};
template <>
struct LaneOf<float> {
  using type = std::int32_t;
};
template <class T>
using Lane = typename LaneOf<T>::type;

// How many taps of a window count: those inside the input, and with count_padding also those in its padding.
inline Index count_taps(Index start, Index taps, Index step, Index size, Index padding, bool count_padding) {
  Index count = 0;
  for (Index i = 0; i < taps; ++i) {
    const Index at = start + i * step;
    count += count_padding ? at < size + padding : at >= 0 && at < size;
  }
  return count;
}

template <class T>
struct PoolStrip {
  Index start, width, lanes;               // lanes: width in whole vectors
  Lane<T> h[kStrip] = {}, w[kStrip] = {};  // where each window begins, perhaps in the padding
  T weight[kStrip] = {};                   // one over the number of taps that count

  PoolStrip(const Conv& v, bool count_padding, Index first) : start(first), width(least(kStrip, v.oh * v.ow - first)) {
    lanes = pieces_of(width, 16) * 16;
    for (Index q = 0; q < width; ++q) {
      const Index top = (start + q) / v.ow * v.sh - v.ph, left = (start + q) % v.ow * v.sw - v.pw;
      h[q] = static_cast<Lane<T>>(top);
      w[q] = static_cast<Lane<T>>(left);
      weight[q] = T(1) / static_cast<T>(count_taps(top, v.kh, v.dh, v.h, v.ph, count_padding) *
                                        count_taps(left, v.kw, v.dw, v.w, v.pw, count_padding));
    }
  }
};

// Calls body(strip, plane) for every strip of every plane; planes are shared out to the threads.
template <class T, class Body>
void for_strips(const Conv& v, bool count_padding, Body body) {
  constexpr Index kGrain = 1 << 15;  // input elements that are worth a thread
  const Index work = most(1, v.oh * v.ow * v.kh * v.kw);
  parallel_for(v.n * v.c, most(1, kGrain / work), [&](Index begin, Index end) {
    for (Index start = 0; start < v.oh * v.ow; start += kStrip) {
      const PoolStrip<T> strip(v, count_padding, start);
      for (Index plane = begin; plane < end; ++plane) body(strip, plane);
    }
  });
}

// Calls use(q, tap, value) for every lane of every tap; the value is `outside` beyond the image. In three loops, since
// compilers make one loop's conditional load a branch.
template <class T, class Use>
GRADUS_INLINE void for_taps(const Conv& v, const PoolStrip<T>& s, const T* x, T outside, Use use) {
  using L = Lane<T>;
  const L height = static_cast<L>(v.h), width = static_cast<L>(v.w);
  L position[kStrip];
  T value[kStrip];
  L tap = 0;
  for (Index i = 0; i < v.kh; ++i)
    for (Index j = 0; j < v.kw; ++j, ++tap) {
      const L down = static_cast<L>(i * v.dh), right = static_cast<L>(j * v.dw);
#pragma omp simd
      for (Index q = 0; q < s.lanes; ++q) {
        const L h = s.h[q] + down, w = s.w[q] + right;
        const bool inside = (h >= 0) & (h < height) & (w >= 0) & (w < width);
        position[q] = inside ? h * width + w : -1;
      }
      for (Index q = 0; q < s.lanes; ++q) value[q] = x[position[q] & ~(position[q] >> (8 * sizeof(L) - 1))];
#pragma omp simd
      for (Index q = 0; q < s.lanes; ++q) {
        const T seen = value[q];
        use(q, tap, position[q] < 0 ? outside : seen);
      }
    }
}

// The first tap of an axis that is not in the padding.
GRADUS_INLINE Index first_inside(Index start, Index step) { return start < 0 ? pieces_of(-start, step) : 0; }

template <class T>
void max_pool2d_strips(const Conv& v, bool rectify, const T* x, T* y, std::uint8_t* taps) {
  const Taps store(v);
  for_strips<T>(v, true, [&](const PoolStrip<T>& s, Index plane) {
    T best[kStrip];
    Lane<T> winner[kStrip];
    for (Index q = 0; q < s.lanes; ++q) {
      best[q] = static_cast<T>(-kInf);
      winner[q] = -1;
    }
    for_taps(
        v, s, x + plane * v.h * v.w,
        static_cast<T>(-kInf), [&](Index q, Lane<T> tap, T value) __attribute__((always_inline)) {
          const T old = best[q];
          const Lane<T> there = winner[q];
          const bool take = beats<1>(value, old);
          best[q] = take ? value : old;
          winner[q] = take ? tap : there;
        });
    const Index out = plane * v.oh * v.ow + s.start;
    for (Index q = 0; q < s.width; ++q) {
      Index tap = winner[q];
      if (tap < 0) tap = first_inside(s.h[q], v.dh) * v.kw + first_inside(s.w[q], v.dw);  // nothing but -inf
      const bool cut = rectify && best[q] <= 0;
      y[out + q] = cut ? 0 : best[q];
      store.write(cut ? Taps::none : tap, taps, out + q);
    }
  });
}

template <class T>
void avg_pool2d(const Conv& v, bool count_include_pad, const T* x, T* y) {
  for_strips<T>(v, count_include_pad, [&](const PoolStrip<T>& s, Index plane) {
    T sum[kStrip] = {};
    for_taps(
        v, s, x + plane * v.h * v.w,
        T(0), [&](Index q, Lane<T>, T value) __attribute__((always_inline)) { sum[q] += value; });
    T* to = y + plane * v.oh * v.ow + s.start;
    for (Index q = 0; q < s.width; ++q) to[q] = sum[q] * s.weight[q];
  });
}

template <class T>
void avg_pool2d_input(const Conv& v, bool count_include_pad, const T* gy, T* gx) {
  fill(v.n * v.c * v.h * v.w, T(0), gx);
  for_strips<T>(v, count_include_pad, [&](const PoolStrip<T>& s, Index plane) {
    T share[kStrip];
    const T* from = gy + plane * v.oh * v.ow + s.start;
    T* to = gx + plane * v.h * v.w;
    for (Index q = 0; q < s.width; ++q) share[q] = from[q] * s.weight[q];
    for (Index i = 0; i < v.kh; ++i)
      for (Index j = 0; j < v.kw; ++j)
        for (Index q = 0; q < s.width; ++q) {
          const Index h = s.h[q] + i * v.dh, w = s.w[q] + j * v.dw;
          if (h >= 0 && h < v.h && w >= 0 && w < v.w) to[h * v.w + w] += share[q];
        }
  });
}

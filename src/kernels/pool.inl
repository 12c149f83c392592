// Pooling: planes are independent; a strip of one output row keeps its running result while the window's taps pass by, so
// that the inner loops run along the row without a branch.

constexpr Index kPoolGrain = 1 << 15;  // input elements that are worth a thread

template <class Body>
void for_planes(const Conv& v, Body body) {
  const Index work = most(1, v.oh * v.ow * v.kh * v.kw);
  parallel_for(v.n * v.c, most(1, kPoolGrain / work), [&](Index begin, Index end) {
    for (Index plane = begin; plane < end; ++plane) body(plane);
  });
}

// The first position start, start + step, … that is not negative.
GRADUS_INLINE Index first_inside(Index start, Index step) {
  return start < 0 ? start + pieces_of(-start, step) * step : start;
}

// Indices as wide as the values: both then share one vector mask.
template <class T>
struct LaneOf { using type = std::int64_t; };
template <>
struct LaneOf<float> { using type = std::int32_t; };

template <class T>
void max_pool_row(const Conv& v, Index row, const T* x, T* y, Index* at) {
  using Lane = typename LaneOf<T>::type;
  const Index top = row * v.sh - v.ph;
  for (Index start = 0; start < v.ow; start += kStrip) {
    const Index width = least(kStrip, v.ow - start), left = start * v.sw - v.pw;
    T best[kStrip];
    Lane where_best[kStrip];
    for (Index q = 0; q < width; ++q) {
      best[q] = static_cast<T>(-kInf);
      where_best[q] = static_cast<Lane>(first_inside(top, v.dh) * v.w + first_inside(left + q * v.sw, v.dw));
    }
    for (Index i = 0; i < v.kh; ++i) {
      const Index ih = top + i * v.dh;
      if (ih < 0 || ih >= v.h) continue;
      for (Index j = 0; j < v.kw; ++j) {
        const Index offset = left + j * v.dw;
        const Span s = inside(v.w, width, offset, v.sw);
        const T* from = x + ih * v.w + offset;
        const Lane place = static_cast<Lane>(ih * v.w + offset), step = static_cast<Lane>(v.sw);
        const auto tap = [&](Lane stride) __attribute__((always_inline)) {
#pragma omp simd
          for (Lane q = static_cast<Lane>(s.begin); q < static_cast<Lane>(s.end); ++q) {
            const T value = from[q * stride], old = best[q];
            const Lane here = place + q * stride, there = where_best[q];
            const bool take = beats<1>(value, old);
            best[q] = take ? value : old;
            where_best[q] = take ? here : there;
          }
        };
        if (step == 1) tap(1);
        else if (step == 2) tap(2);
        else tap(step);
      }
    }
    for (Index q = 0; q < width; ++q) {
      y[start + q] = best[q];
      at[start + q] = where_best[q];
    }
  }
}

template <class T>
void max_pool2d(const Conv& v, const T* x, T* y, Index* at) {
  for_planes(v, [&](Index plane) {
    for (Index row = 0; row < v.oh; ++row) {
      const Index out = (plane * v.oh + row) * v.ow;
      max_pool_row(v, row, x + plane * v.h * v.w, y + out, at + out);
    }
  });
}

// How many taps of a window count: those inside the input, and with count_padding also those in its padding.
GRADUS_INLINE Index taps_inside(Index start, Index taps, Index step, Index size, Index padding, bool count_padding) {
  Index count = 0;
  for (Index i = 0; i < taps; ++i) {
    const Index at = start + i * step;
    count += count_padding ? at < size + padding : at >= 0 && at < size;
  }
  return count;
}
template <class T>
T window_weight(const Conv& v, bool count_padding, Index row, Index column) {
  const Index high = taps_inside(row * v.sh - v.ph, v.kh, v.dh, v.h, v.ph, count_padding);
  const Index wide = taps_inside(column * v.sw - v.pw, v.kw, v.dw, v.w, v.pw, count_padding);
  return T(1) / static_cast<T>(high * wide);
}

template <class T>
void avg_pool2d(const Conv& v, bool count_include_pad, const T* x, T* y) {
  for_planes(v, [&](Index plane) {
    const T* from = x + plane * v.h * v.w;
    T* to = y + plane * v.oh * v.ow;
    for (Index row = 0; row < v.oh; ++row, to += v.ow) {
      fill(v.ow, T(0), to);
      for (Index i = 0; i < v.kh; ++i) {
        const Index ih = row * v.sh - v.ph + i * v.dh;
        if (ih < 0 || ih >= v.h) continue;
        for (Index j = 0; j < v.kw; ++j) {
          const Index offset = j * v.dw - v.pw;
          const Span s = inside(v.w, v.ow, offset, v.sw);
          const T* line = from + ih * v.w + offset;
          for (Index q = s.begin; q < s.end; ++q) to[q] += line[q * v.sw];
        }
      }
      for (Index q = 0; q < v.ow; ++q) to[q] *= window_weight<T>(v, count_include_pad, row, q);
    }
  });
}

template <class T>
void avg_pool2d_input(const Conv& v, bool count_include_pad, const T* gy, T* gx) {
  for_planes(v, [&](Index plane) {
    const T* from = gy + plane * v.oh * v.ow;
    T* to = gx + plane * v.h * v.w;
    fill(v.h * v.w, T(0), to);
    for (Index row = 0; row < v.oh; ++row, from += v.ow)
      for (Index q = 0; q < v.ow; ++q) {
        const T g = from[q] * window_weight<T>(v, count_include_pad, row, q);
        for (Index i = 0; i < v.kh; ++i) {
          const Index ih = row * v.sh - v.ph + i * v.dh;
          if (ih < 0 || ih >= v.h) continue;
          for (Index j = 0; j < v.kw; ++j) {
            const Index iw = q * v.sw - v.pw + j * v.dw;
            if (iw >= 0 && iw < v.w) to[ih * v.w + iw] += g;
          }
        }
      }
  });
}
